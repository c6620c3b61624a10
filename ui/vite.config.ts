/// <reference types="vitest/config" />
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const template = fileURLToPath(new URL("./report.template.html", import.meta.url));
const bundle = fileURLToPath(new URL("../loadstone/render/bundle", import.meta.url));

/** One file that opens from a disk: a classic script and a style sheet inline, allowed by their hashes alone. */
function oneFile(): Plugin {
  const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return {
    name: "one-file",
    enforce: "post",
    buildStart() {
      this.addWatchFile(template);
    },
    generateBundle(_options, files) {
      let script = "";
      let style = "";
      for (const [name, file] of Object.entries(files)) {
        if (file.type === "chunk") script += file.code.trim();
        else if (name.endsWith(".css")) style += String(file.source).trim();
        delete files[name];
      }
      script = script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
      if (style.includes("</")) this.error("the style sheet holds an end tag");
      const put: Record<string, string> = {
        "%SCRIPT_HASH%": hash(script),
        "%STYLE_HASH%": hash(style),
        "%STYLE%": style,
        "%SCRIPT%": script,
      };
      const source = readFileSync(template, "utf8").replace(/%[A-Z_]+%/g, (mark) => {
        const text = put[mark];
        if (text === undefined) this.error(`the template asks for ${mark}`);
        return text;
      });
      this.emitFile({ type: "asset", fileName: "report.html", source });
    },
  };
}

export default defineConfig({
  plugins: [oneFile()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: bundle,
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    modulePreload: false,
    reportCompressedSize: false,
    rollupOptions: {
      input: fileURLToPath(new URL("./src/main.tsx", import.meta.url)),
      output: { format: "iife" },
    },
  },
  test: { include: ["test/**/*.test.ts", "test/**/*.test.tsx"], environment: "node" },
});
