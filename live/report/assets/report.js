"use strict";
// Draws the figures of the page with plotly.js, in the colors of the present color scheme, and again when that changes.
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const narrow = window.matchMedia("(max-width: 600px)");
  const touch = window.matchMedia("(pointer: coarse)");

  const colored = (value, colors) => {
    if (typeof value === "string") {
      return value.startsWith("$") ? colors.getPropertyValue("--" + value.slice(1)).trim() : value;
    }
    if (Array.isArray(value)) {
      return value.length && typeof value[0] === "object" ? value.map((each) => colored(each, colors)) : value;
    }
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, colored(each, colors)]));
    }
    return value;
  };

  const layoutOf = (figure, colors) => {
    const ink = colors.getPropertyValue("--ink").trim();
    const layout = {
      showlegend: true,
      hoverlabel: { align: "left" },
      ...figure.layout,
      height: figure.height,
      autosize: true,
      dragmode: touch.matches ? false : "zoom",
      font: { color: ink, size: narrow.matches ? 11 : 12, family: getComputedStyle(document.body).fontFamily },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: 8, r: 8, t: 28, b: 8 },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
    };
    for (const name of Object.keys(layout).filter((each) => /^[xy]axis\d*$/.test(each))) {
      layout[name] = {
        automargin: true,
        gridcolor: colors.getPropertyValue("--grid").trim(),
        linecolor: colors.getPropertyValue("--rule").trim(),
        zerolinecolor: colors.getPropertyValue("--rule").trim(),
        fixedrange: touch.matches,
        ...layout[name],
      };
    }
    layout.hoverlabel = {
      ...layout.hoverlabel,
      bgcolor: colors.getPropertyValue("--surface").trim(),
      bordercolor: colors.getPropertyValue("--rule").trim(),
      font: { color: ink },
    };
    return layout;
  };

  const draw = () => {
    const colors = getComputedStyle(document.documentElement);
    const config = { responsive: true, displayModeBar: false };
    return Promise.all(
      figures.map((figure) => {
        const place = document.getElementById("chart-" + figure.key);
        return Plotly.react(place, colored(figure.traces, colors), layoutOf(figure, colors), config);
      }),
    );
  };

  const show = () => draw().then(() => document.documentElement.setAttribute("data-drawn", String(figures.length)));
  dark.addEventListener("change", show);
  narrow.addEventListener("change", show);
  show();
})();
