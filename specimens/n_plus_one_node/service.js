// Albums: the artist of each song looked up in a loop, or joined. `node service.js PORT`, with SPECIMEN_DSN and FAULT.
"use strict";

const http = require("node:http");
const { Pool } = require("pg");

const sick = (process.env.FAULT ?? "1") === "1";
const pool = new Pool({ connectionString: process.env.SPECIMEN_DSN, max: 8 });

async function fill() {
  await pool.query("DROP TABLE IF EXISTS song, artist");
  await pool.query("CREATE TABLE artist (id int PRIMARY KEY, name text)");
  await pool.query("INSERT INTO artist SELECT n, 'artist ' || n FROM generate_series(1, 3000) AS n");
  await pool.query("CREATE TABLE song (id int PRIMARY KEY, album int, title text, artist_id int)");
  await pool.query(
    "INSERT INTO song SELECT n, n % 40 + 1, 'song ' || n, n * 787 % 3000 + 1 FROM generate_series(1, 1200) AS n",
  );
  await pool.query("CREATE INDEX song_by_album ON song (album)");
  await pool.query("ANALYZE song, artist");
}

async function album(number) {
  if (!sick) {
    const joined = await pool.query(
      "SELECT title, name AS artist FROM song JOIN artist ON artist.id = artist_id WHERE album = $1 ORDER BY song.id",
      [number],
    );
    return joined.rows;
  }
  const songs = await pool.query("SELECT title, artist_id FROM song WHERE album = $1 ORDER BY id", [number]);
  const items = [];
  for (const song of songs.rows) {
    const found = await pool.query("SELECT name FROM artist WHERE id = $1", [song.artist_id]); // fault: n-plus-one
    items.push({ title: song.title, artist: found.rows[0].name });
  }
  return items;
}

const server = http.createServer(async (request, response) => {
  const found = /^\/albums\/(\d+)$/.exec(request.url);
  const told = found ? JSON.stringify({ items: await album(Number(found[1])) }) : "ok";
  response.writeHead(200, { "content-type": found ? "application/json" : "text/plain" }).end(told);
});

fill().then(() => server.listen(Number(process.argv[2]), "127.0.0.1"));
