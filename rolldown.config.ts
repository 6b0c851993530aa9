/** Builds what ships: the sources in a few files, because finding and reading each of two hundred is most of a start. */
import { defineConfig } from "rolldown";

export default defineConfig({
  input: "src/main.ts",
  platform: "node",
  /**
   * Packages stay packages, except the four whose many small files cost more to find than to read. They are installed
   * beside the build all the same, at the same version: what is there is what a scanner sees.
   */
  external: /^(?!(?:zod|jose|yaml|@bufbuild\/protobuf)(?:\/|$))[^./]/,
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
