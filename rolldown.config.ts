/** Builds what ships: the sources in a few files, because finding and reading each of two hundred is most of a start. */
import { defineConfig } from "rolldown";

export default defineConfig({
  input: "src/main.ts",
  platform: "node",
  /** Packages stay packages: what is installed is what a scanner sees. */
  external: /^[^./]/,
  output: {
    dir: "dist",
    cleanDir: true,
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    // V8 keeps a source of one-byte characters in half the memory; what the comments say stays with the sources.
    charset: "ascii",
    comments: false,
  },
});
