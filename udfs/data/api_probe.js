// What runs in the sandbox to read a Node package's public interface: its exports, and what its declarations say of them.
// Writes a line of JSON for each exported function and class, or one with `error`.
'use strict';
function refinelakeApi(name, version, most, docChars) {
  const fs = require('fs'), path = require('path');
  const MARK = '@refinelake-api ';
  const tell = (line) => fs.writeSync(1, '\n' + MARK + JSON.stringify(line) + '\n');
  const folders = (process.env.NODE_PATH || '').split(':').filter(Boolean);
  const read = (file) => { try { return fs.readFileSync(file, 'utf8'); } catch { return ''; } };
  const home = folders.map((folder) => path.join(folder, name)).find((place) => read(path.join(place, 'package.json')));
  if (!home) return tell({ error: 'not installed' });
  const about = JSON.parse(read(path.join(home, 'package.json')));
  if (version && about.version !== version) return tell({ error: `version ${about.version} is installed` });
  let exported;
  const log = console.log;
  try { console.log = () => {}; exported = require(name); } catch (error) {
    return tell({ error: `cannot be required: ${error && error.code || error}`.slice(0, 200) });
  } finally { console.log = log; }

  // Declarations: of the package, else those of @types beside it; files that they re-export are read too.
  const declared = [];
  const follow = (file, depth) => {
    const found = [file, file + '.d.ts', path.join(file, 'index.d.ts')].find((f) => f.endsWith('.d.ts') && read(f));
    if (!found || depth > 3 || declared.length > 40 || declared.some((d) => d.file === found)) return;
    const text = read(found);
    declared.push({ file: found, text });
    for (const [, from] of text.matchAll(/\bfrom\s+['"](\.[^'"]*)['"]/g)) {
      follow(path.join(path.dirname(found), from.replace(/\.js$/, '')), depth + 1);
    }
  };
  const types = about.types || about.typings;
  const plain = (about.main || 'index.js').replace(/\.[cm]?js$/, '');
  follow(path.join(home, types || plain), 0);
  for (const folder of folders) follow(path.join(folder, '@types', name.replace(/^@/, '').replace('/', '__')), 0);

  const saidOf = (symbol) => {
    const own = symbol.split('.').pop().replace(/[$]/g, '\\$&');
    const shape = new RegExp(
      '(/\\*\\*(?:(?!\\*/)[\\s\\S]){0,4000}\\*/)?\\s*(?:export\\s+)?(?:default\\s+)?(?:declare\\s+)?' +
      '((?:function|class|const|let|var)\\s+' + own + '\\b[^;{]{0,600})');
    for (const { text } of declared) {
      const found = shape.exec(text);
      if (found) {
        const doc = (found[1] || '').replace(/^\/\*\*|\*\/$/g, '').replace(/^[ \t]*\*[ \t]?/gm, '').trim();
        return { signature: found[2].replace(/\s+/g, ' ').trim(), doc };
      }
    }
    return null;
  };
  const head = (symbol, value) => {  // parameters as they are written in the source
    const text = Function.prototype.toString.call(value).replace(/\s+/g, ' ');
    const found = /^(?:async )?(?:function\b ?\*? ?[\w$]*|class\b[^{]*|[\w$]+)? ?(\([^)]*\)|[\w$]+(?= ?=>))?/.exec(text);
    if (text.startsWith('class')) {
      const made = /\bconstructor ?(\([^)]*\))/.exec(text);
      return `class ${symbol}${made ? ' ' + made[1] : ''}`;
    }
    return symbol.split('.').pop() + (found && found[1] ? (found[1].startsWith('(') ? found[1] : `(${found[1]})`) : '()');
  };
  const seen = new Set();
  let told = 0;
  const walk = (value, symbol, depth) => {
    if (told >= most || value === null || !['function', 'object'].includes(typeof value) || seen.has(value)) return;
    seen.add(value);
    if (typeof value === 'function') {
      const said = saidOf(symbol) || { signature: head(symbol, value), doc: '' };
      const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function';
      told += 1;
      tell({ module: name, symbol, kind, version: about.version, signature: said.signature.slice(0, 500),
        doc: said.doc.slice(0, docChars) });
    }
    if (depth > 1) return;
    for (const key of Object.keys(value).sort()) {
      if (key.startsWith('_') || key === 'default') continue;
      let inner;
      try { inner = value[key]; } catch { continue; }
      if (typeof inner === 'function') walk(inner, symbol === name ? key : `${symbol}.${key}`, depth + 1);
    }
  };
  walk(exported, name, 0);
  if (!told) tell({ error: 'no exported function' });
}
