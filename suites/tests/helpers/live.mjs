// Drives the live page of a run that holds before its cut, as a person on a game day does: goes on, sees the
// fault, heals, aborts. Prints one line for all that is wrong.
//
//	node live.mjs URL PLAYWRIGHT CHROMIUM
import {createRequire} from "node:module";

const [url, playwright, executablePath] = process.argv.slice(2);
const {chromium} = createRequire(import.meta.url)(playwright);
let wrong = 0;

function complain(what) {
	console.log(what);
	wrong++;
}

const browser = await chromium.launch({executablePath, headless: true, args: ["--headless",
	"--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
	"--disable-background-networking", "--disable-component-update", "--disable-sync"]});

async function plain() {
	const context = await browser.newContext({javaScriptEnabled: false});
	const page = await context.newPage();

	await page.goto(url);
	if (!/needs JavaScript/.test(await page.locator("body").innerText()))
		complain("without JavaScript the page does not say what to do");
	await context.close();
}

async function until(what, fn) {
	for (let i = 0; i < 150; i++) {
		if (await fn())
			return true;
		await new Promise(done => setTimeout(done, 100));
	}
	complain(`not seen within 15 s: ${what}`);
	return false;
}

async function drive(page) {
	const text = id => page.locator(id).innerText();

	await until("the run's state", async () => /held before 'cut'/.test(await text("#clock")));
	await until("the links", async () => /\d+ ms/.test(await page.locator("#ring").textContent()));
	await until("rates", async () => /\/s/.test(await text("#rates")));
	await until("a primary", async () => /us-east \(primary\)/.test(await page.locator("#ring").textContent()));
	for (const width of [400, 1200]) {
		await page.setViewportSize({width, height: 900});
		const wide = await page.evaluate(() => document.documentElement.scrollWidth);
		if (wide > width)
			complain(`is ${wide} pixels wide in a window of ${width}`);
	}
	await page.screenshot({path: "live-held.png", fullPage: true});
	await page.click("#go-on");
	await until("the fault in force", async () => /cut: partition us-east/.test(await text("#faults")));
	await until("lost beacons on the ring", async () => await page.locator("#ring line.cut").count() === 2);
	await page.screenshot({path: "live-cut.png", fullPage: true});
	await page.click("#heal");
	await until("the fault gone", async () => await text("#faults") === "none");
	if (!/cut lifted/.test(await text("#events")))
		complain("the events do not tell that the fault was lifted");
	page.on("dialog", dialog => dialog.accept());
	await page.click("#abort");
	await until("the end", async () => /aborted on the live page/.test(await text("#clock")));
}

await plain();
const page = await (await browser.newContext()).newPage();
page.on("console", message => message.type() === "error" && complain(`console: ${message.text()}`));
page.on("pageerror", error => complain(`error: ${error.message}`));
page.on("request", request => request.url().startsWith(url) || request.url().startsWith("data:") ||
	complain(`asks for ${request.url()}`));
await page.goto(url);
await drive(page);
await browser.close();
process.exit(wrong ? 1 : 0);
