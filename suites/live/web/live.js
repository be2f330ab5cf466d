// The live page: what the server tells, drawn. All that is foreign becomes text
// nodes; nothing is ever parsed as markup.
"use strict";

const $ = id => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const EVENTS_MAX = 500;
let head = {regions: []};

function element(name, text, className) {
	const e = document.createElement(name);

	if (text !== undefined)
		e.textContent = text;
	if (className)
		e.className = className;
	return e;
}

function shape(name, attributes, text) {
	const e = document.createElementNS(SVG, name);

	for (const key in attributes)
		e.setAttribute(key, attributes[key]);
	if (text !== undefined)
		e.textContent = text;
	return e;
}

const number = (value, digits, unit) => value === null || value === undefined ? "–" : value.toFixed(digits) + unit;
const percent = value => value === null || value === undefined ? "–" : (value * 100).toFixed(value && value < .1 ? 1 : 0) + " %";
const age = ms => ms === null || ms === undefined ? "–" : ms >= 1000 ? (ms / 1000).toFixed(1) + " s" : ms.toFixed(0) + " ms";

function cell(row, text, bad) {
	row.append(element("td", text, bad ? "bad" : ""));
}

function table(target, titles, rows) {
	const body = element("tbody"), top = element("tr");

	for (const title of titles) {
		const th = element("th", title);
		th.scope = "col";
		top.append(th);
	}
	body.append(top, ...rows);
	target.replaceChildren(body);
}

function rolesOf(state, r) {
	return state.nodes.filter(node => node.region === r && node.role !== "unknown");
}

function rateRow(state, region, r) {
	const row = element("tr"), roles = rolesOf(state, r);
	const name = element("th", region.name);

	name.scope = "row";
	row.append(name, element("td", roles.map(n => n.role + (n.epoch ? " #" + n.epoch : "")).join(", ") || "–",
		roles.some(n => n.role === "primary") ? "primary" : ""));
	cell(row, number(region.reads, 0, "/s"));
	cell(row, number(region.writes, 0, "/s"));
	cell(row, percent(region.errors), region.errors > .01);
	cell(row, percent(region.availability), region.availability !== null && region.availability < .99);
	cell(row, number(region.read_p99_ms, 1, " ms"));
	cell(row, number(region.write_p99_ms, 1, " ms"));
	return row;
}

function pairRow(state, pair) {
	const row = element("tr");
	const name = element("th", `${state.regions[pair.from].name} → ${state.regions[pair.to].name}`);

	name.scope = "row";
	row.append(name);
	cell(row, number(pair.rtt_ms, 1, " ms"));
	cell(row, number(pair.delay_ms, 1, " ms"));
	cell(row, percent(pair.loss), pair.loss > .01);
	cell(row, age(pair.staleness_ms), pair.staleness_ms > 1000);
	return row;
}

function place(i, n) {
	const angle = 2 * Math.PI * i / n - Math.PI / 2;

	return [320 + 220 * Math.cos(angle), 205 + 150 * Math.sin(angle)];
}

function drawPair(svg, state, there, back) {
	const n = state.regions.length, [x1, y1] = place(there.from, n), [x2, y2] = place(there.to, n);
	const cut = there.loss > .5 || back.loss > .5, loss = Math.max(there.loss || 0, back.loss || 0);
	const text = (there.rtt_ms === null ? "no answer" : there.rtt_ms.toFixed(0) + " ms") +
		(loss > .001 ? `, ${percent(loss)} lost` : "");

	svg.append(shape("line", {x1, y1, x2, y2, class: cut ? "cut" : ""}));
	if (n <= 8)
		svg.append(shape("text", {x: (x1 + x2) / 2, y: (y1 + y2) / 2, "text-anchor": "middle", class: "label"}, text));
}

function drawRing(state) {
	const svg = $("ring"), n = state.regions.length, pairs = new Map();

	svg.replaceChildren();
	for (const pair of state.pairs)
		pairs.set(pair.from * n + pair.to, pair);
	for (const pair of state.pairs)
		if (pair.from < pair.to)
			drawPair(svg, state, pair, pairs.get(pair.to * n + pair.from) || pair);
	state.regions.forEach((region, i) => {
		const [x, y] = place(i, n), primary = rolesOf(state, i).some(node => node.role === "primary");

		svg.append(shape("circle", {cx: x, cy: y, r: 14,
			class: primary ? "primary" : region.availability === null ? "silent" : ""}));
		svg.append(shape("text", {x, y: y < 205 ? y - 22 : y + 34, "text-anchor": "middle", class: "label"},
			region.name + (primary ? " (primary)" : "")));
	});
}

function showFaults(faults) {
	const list = $("faults");

	list.className = faults.length ? "some" : "";
	list.replaceChildren(...(faults.length ? faults.map(f => element("li", `${f.name}: ${f.text}`)) :
		[element("li", "none")]));
}

function showState(state) {
	$("clock").textContent = state.held ? `held before '${state.held}': the run waits for you` :
		`${state.at_s.toFixed(1)} s of ${state.end_s.toFixed(0)} s · ${state.phase}`;
	$("go-on").hidden = !state.held;
	$("heal").disabled = !state.faults.length;
	showFaults(state.faults);
	drawRing(state);
	table($("rates"), ["region", "role", "reads", "writes", "errors", "available", "p99 read", "p99 write"],
		state.regions.map((region, r) => rateRow(state, region, r)));
	table($("pairs"), ["from → to", "RTT", "one way", "lost", "age of what is read"],
		state.pairs.map(pair => pairRow(state, pair)));
}

function showEvent(event) {
	const item = element("li", `${event.at_s.toFixed(1)} s  `);

	item.append(element("b", event.what), ` ${event.text}`);
	$("events").prepend(item);
	while ($("events").children.length > EVENTS_MAX)
		$("events").lastChild.remove();
}

async function press(what) {
	$("said").textContent = "";
	try {
		const answer = await fetch(what, {method: "POST"});
		$("said").textContent = answer.ok ? `${what}: told` : `${what}: refused (${answer.status})`;
	} catch {
		$("said").textContent = `${what}: the run does not answer any more`;
	}
}

$("heal").addEventListener("click", () => press("heal"));
$("go-on").addEventListener("click", () => press("go-on"));
$("abort").addEventListener("click", () => confirm("Heal and end the run now?") && press("abort"));

const source = new EventSource("events");
source.addEventListener("head", e => {
	head = JSON.parse(e.data);
	$("events").replaceChildren();
	$("run").textContent = head.run;
	$("scenario").textContent = head.scenario;
	document.title = `${head.scenario} · regionproof live`;
});
source.addEventListener("state", e => showState(JSON.parse(e.data)));
source.addEventListener("event", e => showEvent(JSON.parse(e.data)));
source.addEventListener("end", e => {
	source.close();
	$("clock").textContent = JSON.parse(e.data).text;
	for (const button of document.querySelectorAll("button"))
		button.disabled = true;
});
source.addEventListener("error", () => {
	if (source.readyState !== EventSource.CLOSED)
		$("said").textContent = "the run does not answer; trying again";
});
