import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The bundle files under a folder of the corpus, as paths within the corpus. */
export function filesUnder(corpus: string, folder: string): string[] {
  return readdirSync(join(corpus, folder)).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(join(corpus, path)).isDirectory()) return filesUnder(corpus, path)
    return /\.ndjson(\.gz)?$/.test(name) ? [path] : []
  })
}
