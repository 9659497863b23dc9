// The searches, in the words of each system. Every one returns whole records, the
// newest 1,000, and compares text without case.

const newest = (where) => ({
  duckdb: `SELECT * FROM records WHERE ${where.duckdb ?? where.sql} ORDER BY "when" DESC LIMIT 1000`,
  postgres: `SELECT * FROM records WHERE ${where.postgres ?? where.sql} ORDER BY "when" DESC LIMIT 1000`,
});

const week = ['2025-11-10', '2025-11-17'];
const day = ['2025-11-12', '2025-11-13'];
const within = ([from, to]) => `"when" >= '${from}' AND "when" < '${to}'`;
// The filter's ends are part of the range.
const range = ([from, to]) => {
  const end = new Date(Date.parse(`${to}T00:00:00Z`) - 1000).toISOString().replace('.000', '');
  return `${from}T00:00:00Z..${end}`;
};
const like = (column, text) => ({ sql: `${column} ILIKE '%${text}%'` });

export const queries = [
  { name: 'Q1', what: 'Who contains a rare fragment (0.01 %)', docket: ['--who', 'qelbamar'], ...newest(like('who', 'qelbamar')) },
  { name: 'Q2', what: 'What contains a fragment (0.19 %)', docket: ['--what=-77'], ...newest(like('what', '-77')) },
  { name: 'Q3', what: 'What contains a fragment that occurs nowhere', docket: ['--what', 'does-not-occur'], ...newest(like('what', 'does-not-occur')) },
  {
    name: 'Q4', what: 'Action = Removed, ObjectType <> Group, one week',
    docket: ['--action', 'Removed', '--filter', 'ObjectType:NotEqualTo=Group', '--when', range(week)],
    ...newest({ sql: `action = 'Removed' AND lower(object_type) <> 'group' AND ${within(week)}` }),
  },
  {
    name: 'Q5', what: 'Who equals X, one day',
    docket: ['--filter', 'Who:Equals=CORP\\hcorkamta', '--when', range(day)],
    ...newest({ sql: `lower(who) = 'corp\\hcorkamta' AND ${within(day)}` }),
  },
  {
    name: 'Q6', what: 'After of any detail contains a rare string', docket: ['--after', '0x6fcd71b'],
    ...newest({
      duckdb: `len(list_filter(details, lambda d: d."After" ILIKE '%0x6fcd71b%')) > 0`,
      postgres: `EXISTS (SELECT FROM jsonb_array_elements(details) d WHERE d->>'After' ILIKE '%0x6fcd71b%')`,
    }),
  },
  { name: 'Q7', what: 'newest 1,000, no filter', docket: ['--from', '0001-01-01'], ...newest({ sql: 'true' }) },
  { name: 'Q8', what: 'What contains a common word (2.9 %)', docket: ['--what', 'board'], ...newest(like('what', 'board')) },
  { name: 'Q9', what: 'What contains two letters (0.01 %)', docket: ['--what', 'kq'], ...newest(like('what', 'kq')) },
];
