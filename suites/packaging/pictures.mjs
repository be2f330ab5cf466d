// A part of a page as a picture, light or dark.
//
//	node pictures.mjs PLAYWRIGHT URL OUT.png light|dark SELECTOR
import {createRequire} from "node:module";

const [playwright, url, path, colorScheme, selector] = process.argv.slice(2);
const {chromium} = createRequire(import.meta.url)(playwright);
const browser = await chromium.launch({executablePath: "/usr/bin/chromium", headless: true,
	args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]});
const context = await browser.newContext({colorScheme, viewport: {width: 1100, height: 900}});
const page = await context.newPage();

await page.goto(url);
await page.locator(selector).first().screenshot({path});
await browser.close();
