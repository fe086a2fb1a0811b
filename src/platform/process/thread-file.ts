/**
 * The file of a thread beside the module that starts it: `.ts` when run from source, `.js` when compiled, because the
 * compiler does not rewrite URLs.
 * @param importer `import.meta.url`
 * @param file without its ending, such as `./render.thread`
 */
export function threadFile(importer: string, file: string): URL {
  return new URL(`${file}${importer.endsWith('.ts') ? '.ts' : '.js'}`, importer);
}
