// Bundles app/web/assets/<entry> into app/web/static/dist/<entry>. Run by `make setup` through
// ops/bootstrap.py with the node that comes as a wheel. An entry that does not exist is left out.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'app', 'web', 'assets');
const target = join(root, 'app', 'web', 'static', 'dist');
const entries = ['registry.js', 'registry.css', 'diagram.js', 'diagram.css', 'print.css']
  .map((name) => join(source, name))
  .filter((path) => existsSync(path));

// Built beside and moved in when whole, each file over its old one: pages that are served meanwhile
// never miss a script. Only then what is no longer made goes.
const made = join(target, '.new');
rmSync(made, { recursive: true, force: true });
mkdirSync(made, { recursive: true });
if (entries.length > 0) {
  await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir: made,
    bundle: true,
    minify: true,
    sourcemap: true,
    format: 'iife',
    target: ['chrome109', 'firefox115', 'safari16'],
    // Fonts and pictures become files of their own: the pages' content policy allows no data: fonts.
    loader: {
      '.woff': 'file', '.woff2': 'file', '.ttf': 'file', '.eot': 'file', '.svg': 'file', '.png': 'file',
    },
    assetNames: '[name]-[hash]',
    // Apache and MIT notices stay with the code they belong to.
    legalComments: 'linked',
    logLevel: 'warning',
  });
}
const names = readdirSync(made);
names.forEach((name) => renameSync(join(made, name), join(target, name)));
readdirSync(target).filter((name) => !names.includes(name))
  .forEach((name) => rmSync(join(target, name), { recursive: true, force: true }));
console.log(`${entries.length} front-end bundles in app/web/static/dist`);
