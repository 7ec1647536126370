// Writes src/api/schema.d.ts from the hub's OpenAPI golden file. The generator
// needs a TypeScript with a JS API, so it lives in codegen/ with its own lock.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = (p) => fileURLToPath(new URL(p, import.meta.url))
const codegen = at('../codegen')
if (!existsSync(`${codegen}/node_modules`)) execFileSync('npm', ['ci', '--no-fund', '--no-audit'], { cwd: codegen, stdio: 'inherit' })
execFileSync(`${codegen}/node_modules/.bin/openapi-typescript`, [at('../../httpapi/openapi.json'), '-o', at('../src/api/schema.d.ts')], { stdio: 'inherit' })
