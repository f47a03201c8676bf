// node build.mjs OUTDIR
// Bundles the front end into OUTDIR: names that carry a hash of their content, a manifest from the
// plain names to those, and a .br and a .gz beside every file that is worth compressing.

import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";

import { build } from "esbuild";

import { ICONS } from "./icons.mjs";

const MIN_COMPRESSED_BYTES = 1024;

const out = path.resolve(process.argv[2]);
const manifest = {};

function write(name, text) {
  const { name: stem, ext } = path.parse(name);
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  manifest[name] = `${stem}-${hash}${ext}`;
  fs.writeFileSync(path.join(out, manifest[name]), text);
}

/** One SVG with a symbol for every icon that the pages use. */
function iconSprite() {
  const symbols = ICONS.map((icon) => {
    const svg = fs.readFileSync(`node_modules/bootstrap-icons/icons/${icon}.svg`, "utf8");
    const drawing = svg.replace(/^[^]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "");
    return `<symbol id="${icon}" viewBox="0 0 16 16">${drawing.trim()}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}

async function bundle(options) {
  const result = await build({
    bundle: true,
    minify: true,
    target: ["es2022", "chrome115", "firefox115", "safari16"],
    outdir: out,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    legalComments: "linked",
    metafile: true,
    logLevel: "warning",
    ...options,
  });
  for (const [file, output] of Object.entries(result.metafile.outputs)) {
    if (output.entryPoint) manifest[path.basename(output.entryPoint)] = path.basename(file);
  }
}

function compress() {
  for (const file of fs.readdirSync(out)) {
    const target = path.join(out, file);
    const bytes = fs.readFileSync(target);
    if (bytes.length < MIN_COMPRESSED_BYTES || file.endsWith(".txt")) continue;
    fs.writeFileSync(`${target}.gz`, zlib.gzipSync(bytes, { level: 9 }));
    fs.writeFileSync(`${target}.br`, zlib.brotliCompressSync(bytes));
  }
}

fs.rmSync(out, { recursive: true, force: true });
fs.mkdirSync(out, { recursive: true });
await bundle({ entryPoints: ["app.js", "app.css"], format: "esm", splitting: true });
await bundle({ entryPoints: ["theme.js"], format: "iife" });
write("icons.svg", iconSprite());
write("favicon.svg", fs.readFileSync("favicon.svg", "utf8"));
compress();
fs.writeFileSync(path.join(out, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
