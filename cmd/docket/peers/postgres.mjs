// PostgreSQL with pg_trgm: a cluster of its own in a directory of its own.
import { execFile, spawn } from 'node:child_process';
import { chownSync, createWriteStream, existsSync, mkdirSync, readdirSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const versions = '/usr/lib/postgresql';

// The server refuses to run as root: then it runs as the account of the package.
const asRoot = process.getuid() === 0;

export class Postgres {
  name = 'PostgreSQL';

  static available() {
    return existsSync(versions) && readdirSync(versions).length > 0;
  }

  constructor(dir, port) {
    const version = readdirSync(versions).sort((a, b) => b - a)[0];
    Object.assign(this, { version, dir: join(dir, 'postgres'), bin: join(versions, version, 'bin'), port });
  }

  command(program, args) {
    const path = existsSync(join(this.bin, program)) ? join(this.bin, program) : program;
    return asRoot ? ['runuser', ['-u', 'postgres', '--', path, ...args]] : [path, args];
  }

  async do(program, ...args) {
    const [command, all] = this.command(program, args);
    return run(command, all, { maxBuffer: 64 << 20, cwd: '/' });
  }

  async sql(...statements) {
    const { stdout } = await this.do('psql', '-h', this.dir, '-p', String(this.port), '-d', 'postgres', '-q', '-At', '-v', 'ON_ERROR_STOP=1', ...statements.flatMap((s) => ['-c', s]));
    return stdout;
  }

  async start() {
    mkdirSync(this.dir, { recursive: true });
    if (asRoot) {
      const { stdout: uid } = await run('id', ['-u', 'postgres']);
      const { stdout: gid } = await run('id', ['-g', 'postgres']);
      chownSync(this.dir, Number(uid), Number(gid));
    }
    chmodSync(this.dir, 0o700);
    this.data = join(this.dir, 'data');
    await this.do('initdb', '-D', this.data, '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C.UTF-8');
    const settings = { shared_buffers: '4GB', maintenance_work_mem: '1GB', max_wal_size: '16GB', listen_addresses: '', unix_socket_directories: this.dir, port: this.port, timezone: 'UTC' };
    const options = Object.entries(settings).map(([name, value]) => `-c ${name}='${value}'`).join(' ');
    await this.do('pg_ctl', '-D', this.data, '-w', '-l', join(this.dir, 'log'), '-o', options, 'start');
  }

  async load(csv, records) {
    await this.start();
    const begun = performance.now();
    await this.sql(
      'CREATE EXTENSION pg_trgm',
      'CREATE TABLE records ("when" timestamptz NOT NULL, who text, "where" text, what text, action text, object_type text, item text, workstation text, details jsonb)',
      `\\copy records FROM '${csv}' (FORMAT csv)`,
      'CREATE INDEX ON records ("when")',
      'CREATE INDEX ON records USING gin (who gin_trgm_ops)',
      'CREATE INDEX ON records USING gin (what gin_trgm_ops)',
      'CREATE INDEX ON records USING gin ("where" gin_trgm_ops)',
    );
    const rate = records / ((performance.now() - begun) / 1000);
    await this.sql('VACUUM ANALYZE records');
    this.size = Number(await this.sql("SELECT pg_total_relation_size('records')"));
    return rate;
  }

  bytes() {
    return this.size;
  }

  // search takes the time that psql tells, from sending to the last row.
  async search(query, count) {
    const text = await this.sql('\\timing on', '\\o /dev/null', `${query.postgres}`, '\\o', '\\timing off');
    const rows = count && Number(await this.sql(`SELECT count(*) FROM (${query.postgres}) q`));
    return { ms: Number(/Time: ([\d.]+) ms/.exec(text)[1]), rows };
  }

  async export() {
    const rows = Number(await this.sql('SELECT count(*) FROM records'));
    const [command, args] = this.command('psql', ['-h', this.dir, '-p', String(this.port), '-d', 'postgres', '-q', '-c', 'COPY (SELECT to_json(records) FROM records) TO STDOUT']);
    const begun = performance.now();
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: '/' });
    child.stdout.pipe(createWriteStream('/dev/null'));
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`psql ended with ${code}`);
    return rows / ((performance.now() - begun) / 1000);
  }

  async stop() {
    await this.do('pg_ctl', '-D', this.data, '-m', 'fast', '-w', 'stop');
  }
}
