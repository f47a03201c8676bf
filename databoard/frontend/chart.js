// <div class="chart" data-chart="/url.json"> or data-chart="#id-of-a-json-script": an ECharts option
// from the server. A point with a "url" is a link. Colours follow the theme; a hidden table beside
// the chart tells the same without scripts.

import * as echarts from "echarts/core";
import {
  BarChart, BoxplotChart, CustomChart, GraphChart, HeatmapChart, LineChart, ScatterChart,
} from "echarts/charts";
import {
  AriaComponent, DataZoomComponent, GridComponent, LegendComponent, MarkLineComponent,
  TitleComponent, TooltipComponent, VisualMapComponent,
} from "echarts/components";
import { SVGRenderer } from "echarts/renderers";

import { fresh } from "./marks.js";
import { say } from "./words.js";

echarts.use([
  AriaComponent, BarChart, BoxplotChart, CustomChart, DataZoomComponent, GraphChart,
  GridComponent, HeatmapChart, LegendComponent, LineChart, MarkLineComponent, ScatterChart,
  SVGRenderer, TitleComponent, TooltipComponent, VisualMapComponent,
]);

const GRID = { left: 56, right: 40, top: 40, bottom: 60 };

const seen = new WeakSet();
const mounted = new Set();
const isStill = matchMedia("(prefers-reduced-motion: reduce)");

function theme() {
  const style = getComputedStyle(document.body);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = {
    axisLine: { lineStyle: { color: colour("--bs-border-color") } },
    axisLabel: { color: colour("--bs-secondary-color"), hideOverlap: true },
    nameTextStyle: { color: colour("--bs-secondary-color") },
    splitLine: { lineStyle: { color: colour("--bs-border-color-translucent") } },
  };
  return {
    color: [1, 2, 3, 4, 5, 6, 7, 8].map((i) => colour(`--db-series-${i}`)),
    textStyle: { color: colour("--bs-body-color"), fontFamily: style.fontFamily },
    legend: { textStyle: { color: colour("--bs-body-color") } },
    categoryAxis: axis, valueAxis: axis, logAxis: axis, timeAxis: axis,
    tooltip: {
      backgroundColor: colour("--db-surface"), borderColor: colour("--bs-border-color"),
      textStyle: { color: colour("--bs-body-color") },
    },
  };
}

async function option(source) {
  if (source.startsWith("#")) return JSON.parse(document.querySelector(source).textContent);
  const response = await fetch(source, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`no chart: ${response.status}`);
  return response.json();
}

function draw({ element, content }) {
  echarts.getInstanceByDom(element)?.dispose();
  const chart = echarts.init(element, theme(), { renderer: "svg" });
  chart.setOption({
    animation: !isStill.matches,
    aria: { enabled: true },
    grid: GRID,
    ...content,
    // Tips as HTML would need inline styles, which the page forbids.
    tooltip: { trigger: "item", confine: true, ...content.tooltip, renderMode: "richText" },
  });
  chart.on("click", ({ data }) => data?.url && location.assign(data.url));
  new ResizeObserver(() => chart.isDisposed() || chart.resize()).observe(element);
}

async function enhance(element) {
  try {
    const chart = { element, content: await option(element.dataset.chart) };
    draw(chart);
    mounted.add(chart);
    element.dataset.ready = "";
  } catch {
    element.textContent = say("The chart could not be loaded; the table below shows the same numbers.");
  }
}

addEventListener("databoard:theme", () => {
  for (const chart of mounted) {
    if (chart.element.isConnected) draw(chart);
    else mounted.delete(chart);
  }
});

export function mount(part) {
  for (const element of fresh(part, "[data-chart]", seen)) enhance(element);
}
