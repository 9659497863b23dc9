// DuckDB, in this process, on a file of its own.
import { statSync } from 'node:fs';
import { join } from 'node:path';

import { DuckDBInstance } from '@duckdb/node-api';

const columns = `{Action: 'VARCHAR', Item: 'STRUCT("Name" VARCHAR)', ObjectType: 'VARCHAR', What: 'VARCHAR', "When": 'TIMESTAMP', "Where": 'VARCHAR', Who: 'VARCHAR', Workstation: 'VARCHAR',
  DetailList: 'STRUCT("PropertyName" VARCHAR, "Before" VARCHAR, "After" VARCHAR)[]'}`;

export class DuckDB {
  name = 'DuckDB';

  constructor(dir) {
    this.file = join(dir, 'records.duckdb');
  }

  async open() {
    this.instance = await DuckDBInstance.create(this.file);
    this.connection = await this.instance.connect();
    this.version = (await this.connection.runAndReadAll('SELECT version()')).getRows()[0][0];
  }

  async load(file, records) {
    await this.open();
    const begun = performance.now();
    await this.connection.run(`CREATE TABLE records AS SELECT "When" AS "when", Who AS who, "Where" AS "where", What AS what, Action AS action, ObjectType AS object_type,
      Item.Name AS item, Workstation AS workstation, DetailList AS details FROM read_json('${file}', format = 'newline_delimited', columns = ${columns})`);
    await this.connection.run('CHECKPOINT');
    return records / ((performance.now() - begun) / 1000);
  }

  // csv writes the records for PostgreSQL's COPY.
  async csv(file) {
    await this.connection.run(`COPY (SELECT * REPLACE (to_json(details) AS details) FROM records) TO '${file}' (FORMAT csv, HEADER false)`);
  }

  bytes() {
    return statSync(this.file).size;
  }

  async search(query) {
    const begun = performance.now();
    const result = await this.connection.runAndReadAll(query.duckdb);
    return { ms: performance.now() - begun, rows: result.currentRowCount };
  }

  async export() {
    const { rows } = await this.search({ duckdb: 'SELECT count(*) FROM records' });
    const n = rows && Number((await this.connection.runAndReadAll('SELECT count(*) FROM records')).getRows()[0][0]);
    const begun = performance.now();
    await this.connection.run(`COPY records TO '${this.file}.export.json' (FORMAT json)`);
    return n / ((performance.now() - begun) / 1000);
  }

  async stop() {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}
