// Sends the script on standard input with axios-ntlm; prints one status a line.
// Arguments: DOMAIN\user, password. A line is METHOD, URL and body file or "-",
// separated by tabs; "next" begins anew.
'use strict';
const fs = require('fs');
const http = require('http');
const https = require('https');
const { NtlmClient } = require('axios-ntlm');

const [name, password] = process.argv.slice(2);
const [domain, username] = name.split('\\');
let agents = [];

function fresh() {
  agents.forEach((a) => a.destroy());
  // One connection at a time, kept: what the library sets up by itself has no limit.
  const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const httpsAgent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  agents = [httpAgent, httpsAgent];
  return NtlmClient({ username, password, domain, workstation: 'WS1' }, { httpAgent, httpsAgent, proxy: false, timeout: 60000 });
}

async function main() {
  let client = fresh();
  for (const line of fs.readFileSync(0, 'utf8').split('\n')) {
    if (line === 'next') client = fresh();
    if (line === 'next' || line === '') continue;
    const [method, url, body] = line.split('\t');
    const data = body === '-' ? undefined : fs.readFileSync(body);
    try {
      const answer = await client.request({ method, url, data, headers: { 'Content-Type': 'application/json' } });
      console.log(answer.status);
    } catch (e) {
      if (!e.response) throw e;
      console.log(e.response.status);
    }
  }
  agents.forEach((a) => a.destroy());
}

main().catch((e) => { console.error(e); process.exit(1); });
