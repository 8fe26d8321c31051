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

  it('draws the last challenge of the published vector of many', () => {
    const transcript = new MerlinTranscript('test protocol');
    transcript.append('step1', asciiBytes('some data'));
    const data = new Uint8Array(1024).fill(99);
    let challenge = new Uint8Array(0);
    for (let round = 0; round < 32; round += 1) {
      challenge = Uint8Array.from(transcript.challenge('challenge', 32));
      transcript.append('bigdata', data);
      transcript.append('challengedata', challenge);
    }
    expect(toHex(challenge)).toBe(
      'a8c933f54fae76e3f9bea93648c1308e7dfa2152dd51674ff3ca438351cf003c',
    );
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
