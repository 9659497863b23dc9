// Docket beside DuckDB and PostgreSQL: the same records, the same searches, taking
// turns. See README.md.
import { createWriteStream, mkdtempSync, rmSync, chmodSync, mkdirSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { Docket } from './docket.mjs';
import { DuckDB } from './duckdb.mjs';
import { Postgres } from './postgres.mjs';
import { queries } from './queries.mjs';

const { values: options } = parseArgs({
  options: {
    docket: { type: 'string', default: 'bin/docket' },
    sizes: { type: 'string', default: '1000000,5000000' },
    rounds: { type: 'string', default: '7' },
    dir: { type: 'string', default: tmpdir() },
    without: { type: 'string', default: '' },
    port: { type: 'string', default: '19799' },
  },
});

const middle = (list) => list.toSorted((a, b) => a - b)[Math.floor((list.length - 1) / 2)];
const grouped = (n) => Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ',');
const ms = (n) => (n < 10 ? n.toFixed(1) : grouped(n));
const note = (text) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);

function generate(file, n) {
  return new Promise((resolve, reject) => {
    const child = spawn(options.docket, ['generate', '-n', String(n)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const out = createWriteStream(file);
    child.stdout.pipe(out);
    child.once('error', reject);
    child.once('exit', (code) => code && reject(new Error(`docket generate ended with ${code}`)));
    out.once('finish', resolve);
  });
}

// loaded makes the systems, the fastest loader last: CSV for one comes from another.
async function loaded(dir, records) {
  const file = join(dir, 'records.ndjson');
  note(`generate ${grouped(records)} records`);
  await generate(file, records);
  const systems = [];
  const add = async (system, from) => {
    note(`load ${system.name}`);
    system.rate = await system.load(from, records);
    systems.push(system);
  };
  await add(new Docket(options.docket, dir, Number(options.port)), file);
  const without = options.without.toLowerCase();
  const duckdb = new DuckDB(dir);
  const postgres = Postgres.available() && !without.includes('postgres') ? new Postgres(dir, Number(options.port) + 1) : undefined;
  if (!without.includes('duckdb') || postgres) await add(duckdb, file);
  if (postgres) {
    const csv = join(dir, 'records.csv');
    await duckdb.csv(csv);
    await add(postgres, csv);
    rmSync(csv);
  }
  rmSync(file);
  return without.includes('duckdb') ? systems.filter((s) => s !== duckdb) : systems;
}

// cold is the first search of a server that was just started, one server for each.
async function cold(docket, query) {
  await docket.stop();
  await docket.start();
  await docket.known();
  return (await docket.search(query)).ms;
}

// warm waits until a server has decoded what it will: three searches in a row
// that are within a tenth of each other.
async function warm(docket) {
  const probe = queries.find((q) => q.name === 'Q6');
  for (let i = 0, last = 0, same = 0; i < 60 && same < 3; i++) {
    const { ms: now } = await docket.search(probe);
    same = Math.abs(now - last) < 2 + last / 10 ? same + 1 : 0;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function measure(records) {
  const dir = mkdtempSync(join(options.dir, 'docket-peers-'));
  chmodSync(dir, 0o755);
  const systems = await loaded(dir, records);
  const [docket] = systems;
  const times = new Map(queries.map((q) => [q.name, new Map(systems.map((s) => [s.name, []]))]));
  const rows = new Map();
  try {
    note('compact');
    const compacted = await docket.compact(records);
    const colds = new Map();
    for (const query of queries) colds.set(query.name, await cold(docket, query));
    await warm(docket);
    for (let round = 0; round < Number(options.rounds); round++) {
      note(`round ${round + 1}`);
      for (const query of queries) {
        const found = new Map();
        for (const system of systems) {
          const got = await system.search(query, round === 0);
          times.get(query.name).get(system.name).push(got.ms);
          found.set(system.name, got.rows);
        }
        if (round === 0) rows.set(query.name, found);
      }
    }
    note('export');
    const exports = new Map();
    for (const system of systems) {
      const list = [];
      for (let i = 0; i < 3; i++) list.push(await system.export('json'));
      exports.set(system.name, middle(list));
    }
    const xml = await docket.export('xml');
    report({ records, systems, times, rows, colds, exports, xml, compacted, memory: docket.memory() });
  } finally {
    for (const system of systems) await system.stop().catch((e) => note(`${system.name}: ${e.message}`));
    rmSync(dir, { recursive: true, force: true });
  }
}

function report({ records, systems, times, rows, colds, exports, xml, compacted, memory }) {
  const names = systems.map((s) => s.name);
  const others = names.slice(1);
  const line = (...cells) => console.log(`| ${cells.join(' | ')} |`);
  console.log(`\n${grouped(records)} records, ${cpus().length} x ${cpus()[0].model}, ${grouped(totalmem() / 2 ** 30)} GB; medians of ${options.rounds} in ms\n`);
  line('', ...names, ...others.map((n) => `${n} / Docket`), 'Docket, cold', 'rows');
  line(...Array(names.length + others.length + 3).fill('---'));
  for (const query of queries) {
    const median = names.map((n) => middle(times.get(query.name).get(n)));
    const found = [...new Set(rows.get(query.name).values())];
    line(`${query.name} ${query.what}`, ...median.map(ms), ...median.slice(1).map((m) => (m / median[0]).toFixed(1)), ms(colds.get(query.name)), found.join(' ≠ '));
  }
  const rate = (of) => names.map((n) => grouped(of(n)));
  const ratios = (of) => others.map((n) => (of(names[0]) / of(n)).toFixed(1));
  const rates = new Map(systems.map((s) => [s.name, s.rate]));
  line('export as JSON, records/s', ...rate((n) => exports.get(n)), ...ratios((n) => exports.get(n)), '', '');
  line('load, records/s', ...rate((n) => rates.get(n)), ...ratios((n) => rates.get(n)), '', '');
  const bytes = systems.map((s) => s.bytes() / records);
  line('bytes a record', ...bytes.map((b) => b.toFixed(0)), ...bytes.slice(1).map((b) => (b / bytes[0]).toFixed(1)), '', '');
  console.log(`\nDocket: export as XML ${grouped(xml)} records/s, memory of its own ${grouped(memory)} MB, compaction ${grouped(compacted)} records/s.`);
}

mkdirSync(options.dir, { recursive: true });
for (const size of options.sizes.split(',')) await measure(Number(size));
