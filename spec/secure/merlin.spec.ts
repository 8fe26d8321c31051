import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { toHex } from '../../lib/model/hex.ts';
import { asciiBytes } from '../../lib/secure/bytes.ts';
import { MerlinTranscript } from '../../lib/secure/merlin.ts';

const { merlin } = JSON.parse(
  readFileSync(new URL('../vectors/secret-connection-vectors.json', import.meta.url), 'utf8'),
) as {
  merlin: {
    protocol: string;
    append: [string, string];
    challengeLabel: string;
    challenge32: string;
  };
};

function draw(...messages: readonly [string, Uint8Array][]): string {
  const transcript = new MerlinTranscript('spec');
  for (const [label, message] of messages) transcript.append(label, message);
  return toHex(transcript.challenge('challenge', 32));
}

describe('MerlinTranscript', () => {
  it('draws the challenge of the published vector', () => {
    const transcript = new MerlinTranscript(merlin.protocol);
    transcript.append(merlin.append[0], asciiBytes(merlin.append[1]));
    expect(toHex(transcript.challenge(merlin.challengeLabel, 32))).toBe(merlin.challenge32);
  });

  it('binds labels, and where one message ends and the next begins', () => {
    const draws = [
      draw(['a', asciiBytes('xy')]),
      draw(['b', asciiBytes('xy')]),
      draw(['a', asciiBytes('x')], ['a', asciiBytes('y')]),
      draw(['ax', asciiBytes('y')]),
    ];
    expect(new Set(draws).size).toBe(4);
  });

  it('goes on over block borders: messages and challenges longer than 166 bytes', () => {
    const long = new Uint8Array(1000).fill(7);
    const changed = Uint8Array.from(long, (byte, at) => (at === 999 ? 8 : byte));
    expect(draw(['long', long])).not.toBe(draw(['long', changed]));
    const transcript = new MerlinTranscript('spec');
    const first = transcript.challenge('challenge', 400);
    const second = transcript.challenge('challenge', 400);
    expect(new Set(first).size).toBeGreaterThan(100);
    expect(toHex(second)).not.toBe(toHex(first));
  });
});
