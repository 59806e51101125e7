"use strict";
// Charts are drawn from the data in the page, tables sort, galleries filter. Without a script all numbers are still there, as tables.

const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#7f7f7f"];
const MARKS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "pentagon"];

function themed(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function percent(value) {
  return value === null ? null : 100 * value;
}

function traceOf(chart, line, index) {
  const bars = chart.kind === "bars", belief = chart.kind === "reliability";
  const values = line.points.map((point) => percent(point.y));
  const places = line.points.map((point) => (belief ? percent(point.x) : point.x));
  const colour = line.style === "marks" ? themed("--ink") : COLOURS[index % COLOURS.length];
  const trace = {
    name: line.name,
    x: bars ? values : places,
    y: bars ? places : values,
    customdata: line.points.map((point) => point.told),
    hovertemplate: "%{" + (bars ? "y" : "x") + "}<br>%{customdata}<extra>" + line.name + "</extra>",
    marker: { color: colour, size: 9, symbol: line.style === "marks" ? "star-open" : MARKS[index % MARKS.length] },
  };
  if (bars) {
    return Object.assign(trace, { type: "bar", orientation: "h" });
  }
  const low = line.points.map((point) => (point.low === null ? 0 : percent(point.y - point.low)));
  const high = line.points.map((point) => (point.high === null ? 0 : percent(point.high - point.y)));
  return Object.assign(trace, {
    type: "scatter",
    mode: line.style === "marks" ? "markers" : line.style === "dashed" ? "lines" : "lines+markers",
    line: { color: colour, width: 2, dash: line.style === "dashed" ? "dash" : "solid" },
    error_y: { type: "data", symmetric: false, array: high, arrayminus: low, color: colour, thickness: 1.2, visible: [...high, ...low].some((part) => part > 0) },
  });
}

function layoutOf(chart, width) {
  const ink = themed("--ink"), grid = themed("--line"), bars = chart.kind === "bars", belief = chart.kind === "reliability";
  const axis = { gridcolor: grid, linecolor: grid, zerolinecolor: grid, automargin: true, fixedrange: true };
  const names = chart.lines.length > 1;
  const shares = { ...axis, ticksuffix: " %", rangemode: "tozero" };
  if (belief) {
    shares.range = [-3, 103];
  }
  const longest = bars ? chart.lines[0].points.length : 0;
  return {
    height: bars ? Math.max(160, 90 + 24 * longest) : names ? 400 : 340,
    margin: { l: 50, r: 15, t: 10, b: 50 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: ink, size: 13, family: "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif" },
    hoverlabel: { bgcolor: themed("--raised"), font: { color: ink } },
    showlegend: names,
    legend: { orientation: "h", y: -0.22, yanchor: "top", x: 0 },
    hovermode: "closest",
    xaxis: bars || belief ? { ...shares, title: { text: bars ? chart.y_label : chart.x_label } } : { ...axis, type: "category", title: width > 600 ? { text: chart.x_label } : undefined },
    yaxis: bars ? { ...axis, autorange: "reversed", type: "category" } : { ...shares, title: { text: chart.y_label } },
    shapes: belief ? [{ type: "line", x0: 0, y0: 0, x1: 100, y1: 100, line: { color: grid, dash: "dot", width: 2 } }] : [],
  };
}

function drawCharts(charts) {
  for (const [index, place] of document.querySelectorAll(".plot").entries()) {
    const chart = charts[index];
    const layout = layoutOf(chart, place.clientWidth);
    place.style.height = layout.height + "px";
    Plotly.react(place, chart.lines.map((line, index) => traceOf(chart, line, index)), layout, { displayModeBar: false, responsive: true });
  }
}

// A cell sorts by its first number, or as the word it is: "7/10" and "43.1 % (...)" as what they begin with.
function valueOf(row, column) {
  const text = row.cells[column].textContent.trim(), fraction = text.match(/^(\d+)\/(\d+)$/);
  if (fraction) {
    return Number(fraction[1]) / Math.max(1, Number(fraction[2]));
  }
  const number = text.match(/^[+-]?\d+(\.\d+)?/);
  return number ? Number(number[0]) : text.toLowerCase();
}

function compare(first, second) {
  if (first === "" || second === "") {
    return (first === "") - (second === "");
  }
  return typeof first === typeof second ? (first > second) - (first < second) : typeof first === "number" ? -1 : 1;
}

function sortBy(table, head) {
  const body = table.tBodies[0], rows = Array.from(body.rows), column = head.cellIndex;
  const last = rows[rows.length - 1], total = last && last.cells[0].textContent === "overall" ? rows.pop() : null;
  const falling = head.getAttribute("aria-sort") === "ascending";
  rows.sort((a, b) => {
    const order = compare(valueOf(a, column), valueOf(b, column));
    const empty = valueOf(a, column) === "" || valueOf(b, column) === "";
    return falling && !empty ? -order : order;
  });
  for (const other of table.tHead.rows[0].cells) {
    other.removeAttribute("aria-sort");
  }
  head.setAttribute("aria-sort", falling ? "descending" : "ascending");
  body.append(...rows, ...(total ? [total] : []));
}

function makeSortable(table) {
  for (const head of table.querySelectorAll("thead th")) {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sortBy(table, head));
  }
}

function makeFilter(gallery) {
  const shown = Array.from(gallery.querySelectorAll("figure[data-label]"));
  const labels = [...new Set(shown.map((figure) => figure.dataset.label))].filter(Boolean).sort();
  if (labels.length < 2) {
    return;
  }
  const label = document.createElement("label"), select = document.createElement("select");
  label.className = "filter";
  label.append("Show", select);
  select.append(...["all", ...labels].map((name) => new Option(name, name)));
  select.addEventListener("change", () => {
    for (const figure of shown) {
      figure.hidden = select.value !== "all" && figure.dataset.label !== select.value;
    }
  });
  gallery.before(label);
}

const charts = JSON.parse(document.getElementById("charts").textContent);
document.querySelectorAll("table.sorts").forEach(makeSortable);
document.querySelectorAll(".gallery:not(.wide)").forEach(makeFilter);
if (charts.length) {
  drawCharts(charts);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawCharts(charts));
}
