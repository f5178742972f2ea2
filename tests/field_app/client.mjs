// A field app in a hundred lines, written by docs/field-app.md alone. Node 20, no packages.
// node client.mjs FOLDER enrol ADDRESS CODE NAME | capture BODY.json PHOTO.jpg | sync [ADDRESS]
import { createHash, createPublicKey, randomUUID, verify } from "node:crypto";
import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
const [folder, command, ...args] = process.argv.slice(2), API = "/api/v1", LATER = [408, 429, 500, 502, 503, 504];
const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const read = (data) => JSON.parse(data), sure = (holds, complaint) => { if (!holds) throw new Error(complaint); };
const path = (name) => `${folder}/${name}`, write = (name, data) => fs.writeFileSync(path(name), data, { flush: true });
const keep = (name, data) => (write("new", data), fs.renameSync(path("new"), path(name))); // whole or not at all
const my = fs.existsSync(path("app.json")) ? read(fs.readFileSync(path("app.json")))
  : { seq: 0, last: null, cursor: null, operations: [], photos: {}, keys: {}, items: {} };
const save = () => keep("app.json", JSON.stringify(my));
const clock = () => ({ wall: new Date().toISOString(), mono_ms: Math.round(performance.now()), boot: `${process.pid}` });
async function ask(method, address, understand, body, type = "application/json", tries = 6) {
  for (let failures = 1, wait = 0; ; failures++) { // no answer, or none to be believed: the same again
    try {
      const headers = { "Content-Type": type, ...(my.token && { Authorization: `Bearer ${my.token}` }) };
      if (address.endsWith("/push")) headers["Content-Encoding"] = "gzip";
      const said = await fetch(my.address + address, { method, body, headers });
      const data = Buffer.from(await said.arrayBuffer());
      if (said.status < 400) return await understand(data, said.status);
      wait = 1000 * said.headers.get("Retry-After");
      if (!LATER.includes(said.status) && failures > 1) tries = 0; // believed the second time
      throw new Error(`${said.status} ${data}`);
    } catch (error) { if (failures >= tries) throw error; }
    await sleep(Math.max(wait, Math.min(60_000, 500 * 2 ** failures) * (0.5 + Math.random() / 2)));
  }
}
function capture(body, photo) { // number, hash and bytes are made once
  const hash = sha256(photo), op = randomUUID(), seq = ++my.seq, at = clock();
  keep(hash, photo);
  body.elements[0].photos = [{ id: randomUUID(), sha256: hash, bytes: photo.length, content_type: "image/jpeg" }];
  const text = JSON.stringify({ ...body, started: at, finished: at }), own = sha256(text);
  const head = { op, seq, kind: "inspection", id: randomUUID(), base: null, sha256: own, prev_sha256: my.last, at };
  const record = `${JSON.stringify(head).slice(0, -1)},"body":${text}}`, bytes = Buffer.byteLength(text);
  my.operations.push({ op, seq, sha256: my.last = own, bytes, photos: [hash], record, state: "waiting" });
}
async function check(receipt, level) { // its operation, if it is genuine and about its bytes
  const mine = my.operations.find((operation) => operation.op === receipt.op);
  sure(receipt.level === level && receipt.sha256 === mine.sha256 && receipt.bytes === mine.bytes, "another receipt");
  if (!my.keys[receipt.key]) await ask("GET", `${API}/receipts/keys`, (data) => read(data).items.forEach((item) => {
    if (sha256(Buffer.from(item.public_key, "hex")).startsWith(item.key)) my.keys[item.key] = item.public_key;
  }));
  const names = ["level", "op", "id", "rev", "sha256", "bytes", "photos_held", "received_at", "checkpoint", "key"];
  const lines = names.map((name) => `${name} ${[receipt[name] ?? []].flat().sort().join(" ") || "-"}\n`);
  lines.unshift("audit_api receipt v1\n");
  const [text, signature] = [Buffer.from(lines.join("")), Buffer.from(receipt.signature, "base64")];
  const x = Buffer.from(my.keys[receipt.key], "hex").toString("base64url"), jwk = { kty: "OKP", crv: "Ed25519", x };
  sure(verify(null, text, createPublicKey({ key: jwk, format: "jwk" }), signature), "a wrong signature");
  return mine;
}
async function push(batch, holds) {
  const head = JSON.stringify({ device: my.device, client: { app: "node/1", holds }, clock: clock() }).slice(0, -1);
  const results = await ask("POST", `${API}/sync/push`, async (data) => {
    const said = read(data).results;
    sure(said.map((r) => r.op).join() === batch.map((o) => o.op).join(), "about other operations");
    for (const { receipt } of said) if (receipt) await check(receipt, "received");
    return said;
  }, gzipSync(`${head},"ops":[${batch.map((o) => o.record)}]}`));
  results.forEach(({ status, receipt, problems, need_photos = [] }, n) => {
    const wanted = ["conflict", "quarantined"].includes(status) ? batch[n].photos : need_photos;
    if (status !== "blocked" && status !== "retry") Object.assign(batch[n], { state: status, receipt, problems });
    wanted.forEach((hash) => { my.photos[hash] = "wanted"; });
  });
}
async function pull() { // the first time from files
  const take = ([scope, kind, id, doc, version]) => { my.items[`${scope} ${kind} ${id}`] = { scope, doc, version }; };
  let page = my.cursor ? { cursor: my.cursor, files: [] } : await ask("GET", `${API}/sync/snapshots`, read);
  for (const { address, sha256: hash } of page.files) {
    const file = await ask("GET", address, (data) => (sure(sha256(data) === hash, "another file"), data));
    gunzipSync(file).toString().trim().split("\n").slice(1).forEach((line) => take(read(line)));
  }
  do { // 304: nothing is new
    const address = `${API}/sync/pull?limit=500&cursor=${my.cursor = page.cursor}`;
    page = await ask("GET", address, (data, status) => status === 304 ? { items: [], cursor: my.cursor } : read(data));
    page.items.forEach(take);
    for (const [key, { scope, doc }] of Object.entries(my.items))
      if (doc === null || page.scopes?.includes(scope) === false) delete my.items[key];
    my.cursor = page.cursor, save();
  } while (page.more);
}
my.address = command === "capture" ? my.address : args[0] ?? my.address;
if (command === "capture") capture(read(fs.readFileSync(args[0])), fs.readFileSync(args[1]));
else if (command === "enrol") Object.assign(my, await ask("POST", `${API}/devices/enrol`, read,
  JSON.stringify({ code: args[1], name: args[2] }), undefined, 1));
else {
  const waiting = my.operations.filter((operation) => operation.state === "waiting");
  if (waiting.length) await push(waiting.slice(0, 200), { last_seq: my.seq, operations: waiting.length }), save();
  for (const hash in my.photos) if (my.photos[hash] === "wanted")
    await ask("PUT", `${API}/photos/${hash}`, (data) => sure(read(data).sha256 === hash, "about another photo"),
      fs.readFileSync(path(hash)), "image/jpeg"), my.photos[hash] = "sent", save();
  await pull();
  for (let next = `${API}/sync/receipts?after_seq=0`; next;) next = await ask("GET", next, async (data) => {
    for (const receipt of read(data).items) (await check(receipt, "durable")).durable = receipt;
    return read(data).next;
  });
}
save();
