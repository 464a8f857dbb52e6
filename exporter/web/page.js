"use strict";

// Shows what /json says, every two seconds, and what /history.json kept of the minutes before.

const EVERY = 2000;
const KEPT = 10 * 60;
const SVG = "http://www.w3.org/2000/svg";

// What is drawn of each GPU: its name, the metric, its labels, the full scale, how it is written.
const QUANTITIES = [
  { name: "shaders", metric: "amdgpu_gfx_activity_ratio", full: () => 1, text: percent },
  { name: "memory", metric: "amdgpu_vram_used_bytes", full: (of) => of("amdgpu_vram_size_bytes"), text: bytes },
  { name: "power", metric: "amdgpu_power_watts", full: (of) => of("amdgpu_power_cap_watts"), text: (value, full) => value.toFixed(0) + (full ? "/" + full.toFixed(0) : "") + " W" },
  { name: "hottest", metric: "amdgpu_temperature_celsius", full: (of) => of("amdgpu_temperature_critical_celsius"), text: (value) => value.toFixed(0) + " °C" },
];
// What stands in the fold.
const MORE = [
  ["memory controller", "amdgpu_memory_activity_ratio", percent],
  ["media engines", "amdgpu_media_activity_ratio", percent],
  ["mapped system memory", "amdgpu_gtt_used_bytes", bytes],
  ["shader clock", "amdgpu_clock_hertz", hertz, { clock: "graphics" }],
  ["memory clock", "amdgpu_clock_hertz", hertz, { clock: "memory" }],
  ["fan", "amdgpu_fan_rpm", (value) => value.toFixed(0) + " rpm"],
  ["PCIe lanes", "amdgpu_pcie_lanes", String],
  ["uncorrectable errors", "amdgpu_ecc_errors_total", String, { severity: "uncorrectable" }],
  ["correctable errors", "amdgpu_ecc_errors_total", String, { severity: "correctable" }],
  ["processes", "amdgpu_processes", String],
];

const history = new Map();
const cards = new Map();

function percent(value) { return (100 * value).toFixed(0) + " %"; }
function hertz(value) { return (value / 1e6).toFixed(0) + " MHz"; }
function bytes(value, full) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  while ((full || value) >= 1024 && at + 1 < units.length) { value /= 1024; full = full && full / 1024; at += 1; }
  return value.toFixed(value < 10 && at > 0 ? 1 : 0) + (full ? "/" + full.toFixed(0) : "") + " " + units[at];
}

function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

// The series of a metric that are about a GPU: its own, or those of its package.
function seriesOf(page, metric, gpu) {
  const series = page[metric] ? page[metric].series : [];
  const own = series.filter((one) => one.labels.gpu === gpu.gpu && (one.labels.partition || "") === (gpu.partition || ""));
  if (own.length > 0) return own;
  return series.filter((one) => one.labels.gpu === (gpu.package || gpu.gpu) && !one.labels.partition);
}

// One number of a metric: the largest of temperatures, the sum of what is counted.
function valueOf(page, metric, gpu, labels) {
  const wanted = Object.entries(labels || {});
  const found = seriesOf(page, metric, gpu).filter((one) => wanted.every(([name, value]) => one.labels[name] === value));
  if (found.length === 0) return undefined;
  const values = found.map((one) => one.value);
  return metric.endsWith("_celsius") ? Math.max(...values) : values.reduce((sum, value) => sum + value, 0);
}

function keep(key, quantity, time, value) {
  const name = key + " " + quantity;
  if (!history.has(name)) history.set(name, []);
  const points = history.get(name);
  if (points.length > 0 && points[points.length - 1][0] >= time) return;
  points.push([time, value]);
  while (points.length > 0 && points[0][0] < time - KEPT) points.shift();
}

function card(key) {
  if (cards.has(key)) return cards.get(key);
  const made = { box: element("article"), title: element("h2"), where: element("p", "", "where"), state: element("p", "", "state"), rows: {}, users: element("table"), more: element("dl") };
  const list = element("dl");
  for (const quantity of QUANTITIES) {
    const meter = element("meter");
    meter.setAttribute("aria-label", quantity.name);
    const line = document.createElementNS(SVG, "polyline");
    const graph = document.createElementNS(SVG, "svg");
    graph.setAttribute("viewBox", "0 0 100 100");
    graph.setAttribute("preserveAspectRatio", "none");
    graph.setAttribute("role", "img");
    graph.setAttribute("aria-label", quantity.name + ", the last minutes");
    graph.append(line);
    const cell = element("dd");
    cell.append(meter, graph);
    const row = { term: element("dt", quantity.name), cell, meter, line, value: element("dd", "", "value") };
    list.append(row.term, row.cell, row.value);
    made.rows[quantity.name] = row;
  }
  const fold = element("details");
  fold.append(element("summary", "more"), made.more);
  made.box.append(made.title, made.where, made.state, list, made.users, fold);
  cards.set(key, made);
  return made;
}

function drawGraph(line, points, full, now) {
  // All that is kept, but never less than a minute wide.
  const begin = Math.min(points[0][0], now - 60);
  const at = ([time, value]) => (100 * (time - begin) / (now - begin)).toFixed(2) + "," + (98 - 96 * Math.min(1, value / full)).toFixed(2);
  line.setAttribute("points", points.map(at).join(" "));
}

function showUsers(page, gpu, table) {
  const rows = seriesOf(page, "amdgpu_workload_processes", gpu).map((one) => {
    const labels = one.labels;
    const vram = seriesOf(page, "amdgpu_workload_vram_used_bytes", gpu).find((other) => JSON.stringify(other.labels) === JSON.stringify(labels));
    const name = [labels.namespace && labels.pod ? labels.namespace + "/" + labels.pod : "", labels.slurm_job ? "job " + labels.slurm_job : "", labels.unit,
      labels.pod_uid ? "pod " + labels.pod_uid.slice(0, 8) : "", labels.container_id ? "container " + labels.container_id.slice(0, 12) : ""].find((text) => text);
    const row = element("tr");
    row.append(element("td", name || "no workload"), element("td", one.value + (one.value === 1 ? " process" : " processes")), element("td", vram ? bytes(vram.value) : "", "value"));
    return row;
  });
  table.replaceChildren(...rows);
}

function show(page, now) {
  const gpus = page.amdgpu_gpu_up ? page.amdgpu_gpu_up.series : [];
  const boxes = [];
  let watts = 0;
  for (const { labels, value: up } of gpus) {
    const key = labels.gpu + "/" + (labels.partition || "");
    const made = card(key);
    const of = (metric) => valueOf(page, metric, labels);
    const info = seriesOf(page, "amdgpu_info", labels)[0];
    made.title.textContent = (labels.index !== undefined ? labels.index + " · " : "") + (info ? info.labels.name : "GPU");
    made.where.textContent = labels.gpu + (labels.partition ? " · partition " + labels.partition : "");
    const late = of("amdgpu_gpu_late") === 1;
    made.state.textContent = late ? "does not answer" : up === 0 ? "gone" : of("amdgpu_gpu_asleep") === 1 ? "asleep, and left so" : of("amdgpu_throttled") === 1 ? "throttled" : "";
    made.box.classList.toggle("silent", up === 0);
    for (const quantity of QUANTITIES) {
      const row = made.rows[quantity.name];
      const value = of(quantity.metric);
      for (const part of [row.term, row.cell, row.value]) part.hidden = value === undefined;
      if (value === undefined) continue;
      const points = () => history.get(key + " " + quantity.name) || [];
      keep(key, quantity.name, now, value);
      const full = quantity.full(of) || Math.max(...points().map((point) => point[1]), 1);
      row.meter.max = full;
      row.meter.value = value;
      row.value.textContent = quantity.text(value, quantity.full(of));
      drawGraph(row.line, points(), full, now);
    }
    if (!labels.partition || labels.partition === "0") watts += of("amdgpu_power_watts") || 0;
    showUsers(page, labels, made.users);
    const more = [];
    for (const [name, metric, text, wanted] of MORE) {
      const value = valueOf(page, metric, labels, wanted);
      if (value !== undefined) more.push(element("dt", name), element("dd", text(value), "value"));
    }
    made.more.replaceChildren(...more);
    boxes.push(made.box);
  }
  const main = document.getElementById("gpus");
  if (boxes.length !== main.children.length || boxes.some((box, at) => main.children[at] !== box)) main.replaceChildren(...boxes);
  const summary = boxes.length === 0 ? "No AMD GPU, or no driver. This machine is looked at again and again." :
    boxes.length + (boxes.length === 1 ? " GPU" : " GPUs") + (watts ? ", " + watts.toFixed(0) + " W" : "") + " · " + new Date(now * 1000).toLocaleTimeString();
  document.getElementById("summary").textContent = summary;
  const build = page.amdgpu_exporter_build_info;
  if (build) document.getElementById("version").textContent = "amdgpu-smi-exporter " + build.series[0].labels.version + ": what the driver tells of the AMD GPUs of this machine.";
}

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch("json", { cache: "no-store" });
      if (!answer.ok) throw new Error("answer " + answer.status);
      show(await answer.json(), Date.now() / 1000);
    } catch (error) {
      document.getElementById("summary").textContent = "The exporter does not answer (" + error.message + "); asking again.";
    }
  }
  setTimeout(refresh, EVERY);
}

async function begin() {
  try {
    const answer = await fetch("history.json", { cache: "no-store" });
    if (answer.ok) {
      for (const { key, quantity, points } of await answer.json()) {
        for (const [time, value] of points) keep(key, quantity, time, value);
      }
    }
  } catch (error) {
    // The graphs begin now.
  }
  refresh();
}

begin();
