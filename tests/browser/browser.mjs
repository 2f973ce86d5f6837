// A headless Chromium, driven over its debugging pipe: JSON messages that end in NUL, commands on descriptor 3, answers on 4. One page.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Browser {
  // `complaints`: what a good page never causes: script errors, console errors, requests for anything but file: and data:.
  static async open() {
    const b = new Browser();
    b.profile = mkdtempSync(join(tmpdir(), "ace-report-"));
    b.complaints = [];
    b.waiting = new Map();
    b.listeners = [];
    b.last = 0;
    b.child = spawn("chromium", ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
      "--disable-background-networking", "--disable-component-update", "--hide-scrollbars", "--force-color-profile=srgb",
      "--user-data-dir=" + b.profile, "--remote-debugging-pipe", "about:blank"], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    b.ended = new Promise(done => b.child.on("exit", done));
    b.listen();
    const { targetInfos } = await b.tell("Target.getTargets");
    const page = targetInfos.find(t => t.type === "page");
    b.session = (await b.tell("Target.attachToTarget", { targetId: page.targetId, flatten: true })).sessionId;
    b.hear(m => b.judge(m));
    for (const part of ["Page", "Runtime", "Network", "Log"]) await b.tell(part + ".enable");
    return b;
  }

  listen() {
    let text = "";
    this.child.stdio[4].setEncoding("utf8").on("data", piece => {
      const lines = (text + piece).split("\0");
      text = lines.pop();
      for (const line of lines) this.take(JSON.parse(line));
    });
    this.child.stdio[3].on("error", () => {});
    this.child.on("error", e => this.fail("chromium: " + e.message));
    this.child.on("exit", (status, signal) => this.fail(`chromium ended: ${signal || status}`));
  }
  fail(why) { for (const { no } of this.waiting.values()) no(new Error(why)); this.waiting.clear(); }
  take(m) {
    const w = this.waiting.get(m.id);
    if (!w) { for (const f of this.listeners) f(m); return; }
    this.waiting.delete(m.id);
    m.error ? w.no(new Error(`${w.method}: ${m.error.message}`)) : w.yes(m.result);
  }
  hear(f) { this.listeners.push(f); }
  tell(method, params = {}) {
    const id = ++this.last;
    this.child.stdio[3].write(JSON.stringify({ id, method, params, sessionId: this.session }) + "\0");
    return new Promise((yes, no) => this.waiting.set(id, { yes, no, method }));
  }
  judge({ method, params }) {
    if (method === "Runtime.exceptionThrown") this.complaints.push("script error: " + (params.exceptionDetails.exception?.description || params.exceptionDetails.text));
    if (method === "Runtime.consoleAPICalled" && ["error", "warning"].includes(params.type)) this.complaints.push("console: " + params.args.map(a => a.value).join(" "));
    if (method === "Log.entryAdded" && params.entry.level === "error") this.complaints.push("log: " + params.entry.text);
    if (method === "Network.requestWillBeSent" && !/^(file|data|about):/.test(params.request.url)) this.complaints.push("request: " + params.request.url);
  }

  // Until the page has been drawn; milliseconds.
  async go(url) {
    const began = performance.now();
    const loaded = new Promise(yes => this.hear(m => m.method === "Page.loadEventFired" && yes()));
    const { errorText } = await this.tell("Page.navigate", { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await loaded;
    await this.run("new Promise(yes => requestAnimationFrame(() => requestAnimationFrame(() => yes(0))))");
    return performance.now() - began;
  }
  // The value of an expression in the page; a promise is awaited.
  async run(expression) {
    const { result, exceptionDetails } = await this.tell("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description || exceptionDetails.text}`);
    return result.value;
  }
  // A click where the eye sees the element; what covers it would get the click instead.
  async click(selector) {
    const at = await this.run(`(() => { const e = document.querySelector(${JSON.stringify(selector)}); if (!e) return null;
      e.scrollIntoView({ block: "center", inline: "nearest" }); const b = e.getBoundingClientRect(); return { x: b.x + b.width / 2, y: b.y + b.height / 2 }; })()`);
    if (!at) throw new Error("nothing to click: " + selector);
    for (const type of ["mousePressed", "mouseReleased"]) await this.tell("Input.dispatchMouseEvent", { type, ...at, button: "left", clickCount: 1 });
    await this.run("new Promise(yes => requestAnimationFrame(() => requestAnimationFrame(() => yes(0))))");
  }
  async key(key, text) {
    const code = { Tab: 9, Enter: 13, " ": 32 }[key];
    for (const type of ["keyDown", "keyUp"]) await this.tell("Input.dispatchKeyEvent", { type, key, code: key, windowsVirtualKeyCode: code, ...(text && type === "keyDown" ? { text } : {}) });
    await this.run("new Promise(yes => requestAnimationFrame(() => requestAnimationFrame(() => yes(0))))");
  }
  async look({ width, height = 900, scheme = "light", media = "" }) {
    await this.tell("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
    await this.tell("Emulation.setEmulatedMedia", { media, features: [{ name: "prefers-color-scheme", value: scheme }] });
  }
  async shoot(path) {
    const { data } = await this.tell("Page.captureScreenshot", { format: "png" });
    writeFileSync(path, Buffer.from(data, "base64"));
  }
  async print(path) {
    const { data } = await this.tell("Page.printToPDF", { printBackground: true });
    writeFileSync(path, Buffer.from(data, "base64"));
  }
  async close() {
    await this.tell("Browser.close").catch(() => this.child.kill());
    await this.ended;
    rmSync(this.profile, { recursive: true, force: true });
  }
}
