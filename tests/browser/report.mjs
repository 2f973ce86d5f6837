// Opens a report in a real browser as a reader would: from the matrix to a rule to the figure of a run, by mouse and by keyboard, wide,
// narrow, dark and printed. Leaves screenshots. Exit status 0: all as it should be.
//   node report.mjs REPORT.html SHOTS_DIR
import assert from "node:assert/strict";
import { mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Browser } from "./browser.mjs";

const [file, shots] = process.argv.slice(2).map(x => resolve(x));
const MOST_BYTES = 10 << 20, MOST_MS = 2000;
mkdirSync(shots, { recursive: true });
assert.ok(statSync(file).size < MOST_BYTES, `${file}: ${statSync(file).size} bytes`);

const wide = { width: 1280 }, narrow = { width: 390, height: 844 };
const b = await Browser.open();
const hash = () => b.run("location.hash"), text = selector => b.run(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? null`);
const count = selector => b.run(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
const fits = async where => { const over = await b.run("document.documentElement.scrollWidth - innerWidth"); assert.ok(over <= 0, `${where}: ${over} pixels too wide`); };
const visit = async to => { await b.run(`new Promise(yes => { const on = () => requestAnimationFrame(() => yes(0)); if (location.hash === ${JSON.stringify(to)}) return on(); addEventListener("hashchange", on, { once: true }); location.hash = ${JSON.stringify(to)}; })`); };

async function reads() {
  await b.look(wide);
  let ms = await b.go(pathToFileURL(file).href);
  if (ms >= MOST_MS) { console.log(`slow start: ${Math.round(ms)} ms; once more`); await b.go("about:blank"); ms = await b.go(pathToFileURL(file).href); }
  const cost = await b.run("performance.getEntriesByType('navigation')[0].loadEventEnd");
  console.log(`${(statSync(file).size / 1e6).toFixed(1)} MB, open in ${Math.round(cost)} ms`);
  assert.ok(cost < MOST_MS, `opens in ${cost} ms`);
  assert.match(await text(".verdict"), /runs passed/);
  assert.equal(await count(".four a, .four div.cell"), 4);
}

// The matrix, one of its four cells, a scenario, a run, an arrow, the rule behind it, and back to a figure that shows it.
async function walks() {
  await b.click(".four a");
  assert.match(await hash(), /^#\/scenarios\/combination\/\d$/);
  await b.click("main td a.mono");
  assert.match(await hash(), /^#\/scenario\//);
  await b.click("main td a.mono");
  assert.match(await hash(), /^#\/run\/\d+$/);
  assert.ok(await count("svg g.step") > 2, "a figure has arrows");
  assert.deepEqual(await b.run("[...document.querySelectorAll('svg .role')].map(x => x.textContent)"), ["Client", "Broker", "AS"]);
  const steps = await b.run("(() => { const all = [...document.querySelectorAll('svg g.step')]; all.forEach((e, i) => { e.id = 'step' + i; }); return all.length; })()");
  for (let i = 0; i < steps && !(await count(".detail a.mono")); i++) {
    await b.click(`#step${i}`);
    assert.ok(await count(".detail h2") === 1, "a click opens an arrow");
  }
  assert.ok(await count(".detail tbody tr") > 0, "an arrow shows its fields and their rules");
  await says();
  await b.click(".detail a.mono");
  assert.match(await hash(), /^#\/rule\/R-/);
  assert.match(await text("main"), /Scenarios that show it/);
  await b.click("main td.n a");
  assert.match(await hash(), /^#\/run\/\d+$/);
  await b.run("history.back()");
  await b.run("new Promise(yes => requestAnimationFrame(() => requestAnimationFrame(() => yes(0))))");
}

// What was said: decoded, and as octets where somebody asks.
async function says() {
  const run = await b.run("report.runs.findIndex(r => r.verdict !== 'skip' && r.figure !== undefined)"), here = await hash();
  await visit("#/run/" + run);
  const steps = await count("svg g.step");
  for (let i = 0; i < steps && !(await count(".detail pre.hex")); i++) {
    await b.run(`[...document.querySelectorAll("svg g.step")][${i}].id = "said${i}"`);
    await b.click(`#said${i}`);
    await b.run("new Promise(yes => setTimeout(yes, 0)).then(() => Promise.all([...packs.values()]))");
  }
  assert.equal(await b.run("document.querySelector('.detail details')?.open"), false, "octets are there on demand");
  await b.click(".detail details summary");
  assert.match(await text(".detail pre.hex"), /^0000  ([0-9a-f*]{2} ?){1,16}/);
  assert.ok(await count(".detail h3") > 0 && await count(".detail h3 + .scroll tbody tr") > 0, "fields of the message");
  await b.shoot(join(shots, "wide-octets.png"));
  await visit(here);
  await b.run("(() => { const all = [...document.querySelectorAll('svg g.step')]; all.forEach((e, i) => { e.id = 'step' + i; }); })()");
  for (let i = 0; !(await count(".detail a.mono")); i++) await b.click(`#step${i}`);
}

// What is broken shows what was wanted and what came, unasked.
async function blames() {
  const bad = await b.run("report.runs.findIndex(r => r.verdict === 'fail')");
  if (bad < 0) return;
  await visit("#/run/" + bad);
  assert.ok(await count("svg .s-fail, svg .f-fail") > 0, "a red arrow");
  assert.match(await text(".want"), /want .*got /s);
  await b.shoot(join(shots, "wide-failed.png"));
  await visit("#/");
  assert.match(await text("main"), /What went wrong/);
}

// A link that somebody has cut.
async function strays() {
  await visit("#/scenario/%E0%A4%A");
  assert.match(await text("main"), /%E0%A4%A/);
}

async function searches() {
  await visit("#/rules");
  const all = await b.run("document.querySelectorAll('tbody tr').length");
  await b.click("input[type=search]");
  await b.tell("Input.insertText", { text: "nonce" });
  const some = await b.run("document.querySelectorAll('tbody tr').length");
  assert.ok(some > 0 && some < all, `${some} of ${all} requirements found`);
}

// Every page by Tab and Enter alone; what has the focus can be seen.
async function types() {
  await visit("#/");
  await b.run("document.activeElement.blur()");
  const seen = [];
  for (let i = 0; i < 12 && !(await hash()).startsWith("#/scenarios/combination"); i++) {
    await b.key("Tab");
    const at = await b.run("(() => { const e = document.activeElement, s = getComputedStyle(e); return { what: e.textContent.slice(0, 30), outline: s.outlineStyle, four: !!e.closest('.four') }; })()");
    seen.push(at.what);
    if (at.what) assert.notEqual(at.outline, "none", `the focus on "${at.what}" cannot be seen`);
    if (at.four) await b.key("Enter", "\r");
  }
  assert.match(await hash(), /^#\/scenarios\/combination/, "Tab went to: " + seen.join(", "));
  await visit("#/run/" + await b.run("report.runs.findIndex(r => r.figure !== undefined)"));
  for (let i = 0; i < 40 && !(await b.run("document.activeElement.matches('svg g.step')")); i++) await b.key("Tab");
  assert.ok(await b.run("document.activeElement.matches('svg g.step')"), "Tab comes to the arrows");
  await b.key("Enter", "\r");
  assert.ok(await count(".detail h2") === 1, "Enter opens an arrow");
}

async function poses() {
  const run = await b.run("report.runs.findIndex(r => r.verdict === 'pass' && r.figure !== undefined && /challenge/.test(r.id))");
  const pages = { overview: "#/", scenarios: "#/scenarios", rules: "#/rules", how: "#/how", run: "#/run/" + Math.max(0, run), scenario: "#/scenario/" + await b.run(`report.runs[${Math.max(0, run)}].id`), rule: "#/rule/" + await b.run("report.rules[0].id") };
  for (const [name, look] of Object.entries({ wide, narrow, dark: { ...wide, scheme: "dark" } })) {
    await b.look(look);
    for (const [page, to] of Object.entries(pages)) {
      await visit(to);
      if (page === "run") await b.click("svg g.step:has(.f-pass)");
      if (page === "run") await b.run("scrollTo(0, 0)");
      await fits(`${name} ${page}`);
      await b.shoot(join(shots, `${name}-${page}.png`));
    }
  }
  await b.look({ ...wide, media: "print" });
  await visit(pages.run);
  assert.equal(await b.run("getComputedStyle(document.querySelector('nav')).display"), "none", "no navigation on paper");
  await b.shoot(join(shots, "print-run.png"));
  await b.look({ ...wide, media: "" });
  await b.print(join(shots, "run.pdf"));
}

try {
  for (const step of [reads, walks, blames, strays, searches, types, poses]) await step();
  assert.deepEqual(b.complaints, []);
  console.log("screenshots: " + shots);
} finally {
  await b.close();
}
