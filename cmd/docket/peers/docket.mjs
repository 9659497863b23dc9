// Docket: a server of its own, asked over HTTP.
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const large = { maxBuffer: 64 << 20 };

export class Docket {
  name = 'Docket';

  constructor(binary, dir, port) {
    Object.assign(this, { binary, dir: join(dir, 'docket'), port });
    mkdirSync(dir, { recursive: true });
  }

  async start() {
    this.server = spawn(this.binary, ['serve', '--data', this.dir, '--http', '--listen', `127.0.0.1:${this.port}`, '--auth', 'basic', '--cache', '1024', '--log', 'warn'], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.ended = new Promise((resolve) => this.server.once('exit', resolve));
    const banner = await new Promise((resolve, reject) => {
      let text = '';
      this.server.stdout.on('data', (some) => {
        text += some;
        if (text.includes('listens on') && (this.password || /password\s+\S+\n/.test(text))) resolve(text);
      });
      this.server.once('exit', (code) => reject(new Error(`docket serve ended with ${code}: ${text}`)));
    });
    this.password ??= /password\s+(\S+)/.exec(banner)[1];
    const env = { ...process.env, DOCKET_URL: `http://127.0.0.1:${this.port}`, DOCKET_USER: 'Docket\\Administrator', DOCKET_PASSWORD: this.password };
    this.options = { ...large, env };
  }

  async stop() {
    this.server.kill('SIGTERM');
    await this.ended;
  }

  async load(file, records) {
    await this.start();
    const begun = performance.now();
    await run(this.binary, ['import', '--batch', '1000', '--in-flight', '8', file], this.options);
    return records / ((performance.now() - begun) / 1000);
  }

  // compact merges what was loaded, which a server does by and by, so that what is
  // measured does not depend on how far it has come. It returns records a second.
  async compact(records) {
    await this.stop();
    const begun = performance.now();
    await run(this.binary, ['ledger', 'compact', '--data', this.dir, '--all', '--shrink'], this.options);
    const rate = records / ((performance.now() - begun) / 1000);
    await this.start();
    return rate;
  }

  bytes() {
    return statSync(join(this.dir, 'docket.db')).size;
  }

  // memory is what the server holds of its own, in MB.
  memory() {
    return Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${this.server.pid}/status`, 'utf8'))[1]) / 1024;
  }

  async search(query) {
    const { stdout } = await run(this.binary, ['load', 'search', '--json', '--count', '1000', '--repeats', '1', ...query.docket], this.options);
    const figure = JSON.parse(stdout);
    return { ms: figure.milliseconds.p50, rows: figure.records / figure.requests };
  }

  // known signs in once, which takes a server as long as a slow hash does.
  async known() {
    const authorization = `Basic ${Buffer.from(`${this.options.env.DOCKET_USER}:${this.password}`).toString('base64')}`;
    const answer = await fetch(`${this.options.env.DOCKET_URL}/netwrix/api/v1/activity_records/enum?format=json&count=1`, { headers: { authorization } });
    if (!answer.ok) throw new Error(`enum answers ${answer.status}`);
    await answer.text();
  }

  async export(format) {
    const { stdout } = await run(this.binary, ['load', 'enum', '--json', '--format', format, '--count', '10000'], this.options);
    return JSON.parse(stdout).recordsPerSecond;
  }
}
