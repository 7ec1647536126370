// Writes NAME.br and NAME.gz beside every text file of dist, so that the hub
// sends bytes it never compresses, and sweeps what an older build left.
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const text = /\.(html|js|css|svg|json|txt|map)$/

function* files(dir) {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name)
    if (statSync(path).isDirectory()) yield* files(path)
    else yield path
  }
}

let raw = 0
let small = 0
for (const path of files(dist)) {
  if (!text.test(path) || path.endsWith('index.html')) continue
  const bytes = readFileSync(path)
  const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } })
  writeFileSync(`${path}.br`, br)
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
  raw += bytes.length
  small += br.length
}
for (const path of files(dist)) {
  const of = path.replace(/\.(br|gz)$/, '')
  if (of !== path && !existing(of)) rmSync(path)
}
console.log(`precompressed ${(raw / 1024).toFixed(0)} KB to ${(small / 1024).toFixed(0)} KB (brotli)`)

function existing(path) {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}
