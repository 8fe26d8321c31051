import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { fromHex } from '../../lib/model/hex.ts';
import { PacketBatch } from '../../lib/secure/packet-batch.ts';
import { parsePackets } from '../../lib/secure/packet-parser.ts';
import { BYE_REASONS } from '../../lib/secure/packets.ts';
import { plainRecords } from '../../lib/secure/records.ts';
import { Recorder } from '../support/secure.ts';
import { wireVectors } from '../support/wire-vectors.ts';

const document = readFileSync(new URL('../../docs/wire.md', import.meta.url), 'utf8');
const unpadded = document.replaceAll(/ +/g, ' ');

/** The lines of the fenced block that stands first behind a heading. */
function blockUnder(heading: string): string {
  const section = document.split(`\n## ${heading}\n`)[1] ?? '';
  return /```text\n(.*?)\n```/s.exec(section)?.[1] ?? '';
}

describe('docs/wire.md', () => {
  it('has the test vectors that the code computes', () =>
    expect(blockUnder('Test vectors')).toBe(wireVectors()));

  it('has packet examples that the code reads as the document says', () => {
    const rows = [...document.matchAll(/^\| `([0-9a-f ]+)` +\| `(.*)` +\|$/gm)];
    expect(rows.length).toBeGreaterThanOrEqual(8);
    for (const [, hex = '', meaning] of rows) {
      const recorder = new Recorder();
      const bytes = fromHex(hex.replaceAll(' ', '')) ?? new Uint8Array();
      expect(parsePackets(bytes, recorder)).toBeUndefined();
      expect(recorder.heard.map((heard) => heard.trim())).toEqual([meaning]);
    }
  });

  it('lists every reason of a bye with its byte', () => {
    for (const [byte, reason] of BYE_REASONS.entries()) {
      expect(unpadded).toContain(`| ${byte} | \`${reason}\` |`);
      const batch = new PacketBatch();
      batch.bye(reason, '');
      expect(batch.seal(plainRecords)[1]).toBe(byte);
    }
  });
});
