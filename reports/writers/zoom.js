// zoom.html: charts with zoom and cursor from series.json, which stands in the page.
"use strict";

const series = JSON.parse(document.getElementById("series").textContent);
const charts = document.getElementById("charts");
const STATS = ["ok", "fail", "unknown", "not_sent", "min", "p50", "p99", "max",
	"stale_flagged", "stale_unflagged", "age_p99", "age_max"];
const DELAY = ["sent", "lost", "min", "p50", "max"];
const INK = getComputedStyle(document.body).color;
const BLUE = "#1769aa", SKY = "#5aaeea", RED = "#c9480a", PURPLE = "#a3478a", GREY = "#8a93a0";

// The column of a row of buckets: divided where it is a time or a rate, null where there is none.
function column(rows, names, name, divisor, absent) {
	const at = names.indexOf(name);

	return rows.map(row => row[at] || !absent ? row[at] / divisor : null);
}

function times(n, width_ns) {
	return Array.from({length: n}, (_, i) => i * width_ns / 1e9);
}

// Lines where the marks stand, drawn over every chart.
function drawMarks(plot) {
	const context = plot.ctx;

	context.save();
	context.strokeStyle = INK;
	context.setLineDash([2, 4]);
	for (const mark of series.marks || []) {
		const x = plot.valToPos(mark.at_ns / 1e9, "x", true);

		if (x < plot.bbox.left || x > plot.bbox.left + plot.bbox.width)
			continue;
		context.beginPath();
		context.moveTo(x, plot.bbox.top);
		context.lineTo(x, plot.bbox.top + plot.bbox.height);
		context.stroke();
	}
	context.restore();
}

function axis(unit) {
	return {stroke: INK, grid: {stroke: "#8884", width: 1}, size: 64,
		values: (_, ticks) => ticks.map(v => v === null ? "" : +v.toPrecision(6) + unit)};
}

function chart(title, unit, x, lines, logarithmic) {
	const section = document.createElement("section"), head = document.createElement("h2");

	head.textContent = title;
	section.append(head);
	charts.append(section);
	const plot = new uPlot({
		width: section.clientWidth - 44, height: 220,
		cursor: {sync: {key: "time"}, drag: {x: true, y: false}},
		scales: {x: {time: false}, y: logarithmic ? {distr: 3} : {range: (_, low, high) =>
			[Math.min(0, low || 0), high > 0 ? high * 1.05 : 1]}},
		axes: [axis(" s"), axis(unit)],
		hooks: {draw: [drawMarks]},
		series: [{label: "time", value: (_, v) => v === null ? "-" : v.toFixed(3) + " s"}].concat(
			lines.map(([label, stroke, dash]) => ({label, stroke, dash, width: 1.5,
				spanGaps: false, points: {show: true, size: 3, fill: stroke}, value: (_, v) => v == null ? "-" :
					+v.toPrecision(4) + unit}))),
	}, [x].concat(lines.map(line => line[3])), section);

	addEventListener("resize", () =>
		plot.setSize({width: section.clientWidth - 44, height: 220}));
}

for (const line of series.lines || []) {
	const x = times(line.buckets.length, series.bucket_ns), seconds = series.bucket_ns / 1e9;
	const of = (name, divisor, absent) => column(line.buckets, STATS, name, divisor, absent);
	const what = line.region + ": " + (line.writes ? "writes" : "reads");

	if (!line.buckets.some(bucket => bucket[0] + bucket[1] + bucket[2] + bucket[3]))
		continue;
	chart(what + ", latency", " ms", x, [
		["fastest", SKY, [2, 3], of("min", 1e6, true)], ["median", BLUE, [], of("p50", 1e6, true)],
		["p99", PURPLE, [6, 3], of("p99", 1e6, true)], ["slowest", RED, [1, 2], of("max", 1e6, true)],
	], true);
	chart(what + ", per second", "/s", x, [
		["ok", BLUE, [], of("ok", seconds)], ["failed", RED, [6, 3], of("fail", seconds)],
		["unknown", PURPLE, [2, 3], of("unknown", seconds)],
		["not sent", GREY, [1, 2], of("not_sent", seconds)],
	]);
	if (line.buckets.some(bucket => bucket[11]))
		chart(what + ", age", " s", x, [
			["p99", BLUE, [], of("age_p99", 1e9)], ["oldest", RED, [1, 2], of("age_max", 1e9)],
		]);
}
for (const link of series.links || []) {
	const x = times(link.buckets.length, series.link_bucket_ns);
	const of = (name, divisor, absent) => column(link.buckets, DELAY, name, divisor, absent);

	chart(link.from + " \u2192 " + link.to + ": delay one way", " ms", x, [
		["fastest", SKY, [2, 3], of("min", 1e6, true)], ["median", BLUE, [], of("p50", 1e6, true)],
		["slowest", RED, [1, 2], of("max", 1e6, true)],
	], true);
	if (link.buckets.some(bucket => bucket[1]))
		chart(link.from + " \u2192 " + link.to + ": beacons lost", "", x,
			[["lost", RED, [], of("lost", 1)], ["sent", GREY, [2, 3], of("sent", 1)]]);
}
if (!charts.firstChild)
	charts.textContent = "No operation was recorded.";
