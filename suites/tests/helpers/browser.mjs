// Opens the pages of a directory in Chromium as readers do: with and without JavaScript, and under
// the content policy of Jenkins; narrow and wide. Prints one line for all that is wrong.
//
//	node browser.mjs DIR PLAYWRIGHT CHROMIUM PAGE...
import {createRequire} from "node:module";
import {createServer} from "node:http";
import {readFileSync} from "node:fs";
import {extname, join} from "node:path";

const [dir, playwright, executablePath, ...pages] = process.argv.slice(2);
const {chromium} = createRequire(import.meta.url)(playwright);
const POLICY = "sandbox; default-src 'none'; img-src 'self'; style-src 'self'";
const TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css"};
const MODES = [
	{name: "with JavaScript", script: true},
	{name: "without JavaScript", script: false},
	{name: "under Jenkins' policy", script: true, policy: POLICY},
];
let wrong = 0;

function complain(where, what) {
	console.log(`${where}: ${what}`);
	wrong++;
}

function serve(policy) {
	const server = createServer((request, response) => {
		const name = request.url.slice(1).replace(/[?#].*/, "");
		try {
			const body = readFileSync(join(dir, name));
			const head = {"Content-Type": TYPES[extname(name)] || "text/plain"};
			response.writeHead(200, policy ? {...head, "Content-Security-Policy": policy} : head);
			response.end(body);
		} catch {
			response.writeHead(name === "favicon.ico" ? 204 : 404).end();
		}
	});
	return new Promise(done => server.listen(0, "127.0.0.1", () => done(server)));
}

// In the page: what lies over each other, what is wider than the window.
function look() {
	const said = [], wide = document.documentElement.scrollWidth;

	if (wide > innerWidth)
		said.push(`is ${wide} pixels wide in a window of ${innerWidth}`);
	for (const svg of document.querySelectorAll("svg")) {
		const texts = [...svg.querySelectorAll("text")].map(text => [text, text.getBoundingClientRect()]);

		for (let i = 0; i < texts.length; i++)
			for (let k = i + 1; k < texts.length; k++) {
				const [a, b] = [texts[i][1], texts[k][1]], scale = svg.getBoundingClientRect().width /
					(svg.viewBox.baseVal.width || 1);
				const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
				const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);

				if (x > 1 && y > 3.5 * scale)
					said.push(`"${texts[i][0].textContent}" and "${texts[k][0].textContent}" lie ` +
						`over each other (${svg.getAttribute("aria-label")})`);
			}
	}
	for (const link of document.querySelectorAll('nav a[href^="#"]'))
		if (!document.querySelector(`section${link.getAttribute("href")}`))
			said.push(`has no section ${link.getAttribute("href")}`);
	if (!document.querySelector("h1"))
		said.push("has no heading");
	return said;
}

// Charts are drawn anew by the event of a resized window, which comes a moment after the resizing.
async function settle(page) {
	const wide = () => document.documentElement.scrollWidth > innerWidth;

	for (let i = 0; i < 20 && await page.evaluate(wide); i++)
		await page.waitForTimeout(50);
}

// Zoom: there are charts, and the cursor reads a value.
async function tryZoom(page, where) {
	const plot = page.locator(".u-over").first();
	const span = () => page.locator(".u-legend").first().innerText();

	await plot.waitFor({timeout: 20000});
	const before = await span(), box = await plot.boundingBox();
	await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
	await page.waitForTimeout(100);
	if ((await span()) === before)
		complain(where, "the cursor reads no value");
}

async function open(browser, server, mode, name) {
	const origin = `http://127.0.0.1:${server.address().port}`, where = `${name}, ${mode.name}`;
	const context = await browser.newContext({javaScriptEnabled: mode.script});
	const page = await context.newPage();
	// A blocked script is what the policy is for; only the page of zoom has one.
	const expected = text => mode.policy && name === "zoom.html" && /script|style/i.test(text);

	page.on("console", message => message.type() === "error" && !expected(message.text()) &&
		complain(where, `console: ${message.text()}`));
	page.on("pageerror", error => complain(where, `error: ${error.message}`));
	page.on("request", request => request.url().startsWith(origin) ||
		complain(where, `asks for ${request.url()}`));
	await page.goto(`${origin}/${name}`);
	for (const width of [400, 1200]) {
		await page.setViewportSize({width, height: 900});
		await settle(page);
		for (const said of (await page.evaluate(look)).slice(0, 10))
			complain(`${where}, ${width} px`, said);
	}
	if (name === "zoom.html" && mode.script && !mode.policy && await page.locator("#series").count())
		await tryZoom(page, where);
	await context.close();
}

const browser = await chromium.launch({executablePath, headless: true, args: ["--headless",
	"--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
	"--disable-background-networking", "--disable-component-update", "--disable-sync"]});
for (const mode of MODES) {
	const server = await serve(mode.policy);
	for (const name of pages)
		await open(browser, server, mode, name);
	server.close();
}
await browser.close();
process.exit(wrong ? 1 : 0);
