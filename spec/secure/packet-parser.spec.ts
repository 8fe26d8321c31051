import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromHex } from '../../lib/model/hex.ts';
import { PacketBatch } from '../../lib/secure/packet-batch.ts';
import { parsePackets } from '../../lib/secure/packet-parser.ts';
import { BYE_REASONS } from '../../lib/secure/packets.ts';
import { plainRecords } from '../../lib/secure/records.ts';
import { Recorder } from '../support/secure.ts';

function parse(hex: string): { heard: string[]; wrong: string | undefined } {
  const recorder = new Recorder();
  const wrong = parsePackets(fromHex(hex) ?? new Uint8Array(), recorder);
  return { heard: recorder.heard, wrong };
}

describe('parsePackets', () => {
  it.each([
    ['000502aabb', ['data 5 aabb']],
    ['018001' + '02bbcc', ['data 128 bbcc last']],
    ['01ffff0301aa', ['data 65535 aa last']],
    ['010000', ['data 0  last']],
    ['02ffff03ffffffff07ffffffff07', ['credit 65535 2147483647 2147483647']],
    ['02050000', ['credit 5 0 0']],
    ['020540808004', ['credit 5 64 65536']],
    ['0305', ['closed 5']],
    ['08058008', ['limit 5 1024']],
    ['08ffff03' + '8080808004', ['limit 65535 1073741824']],
    ['04050600', ['accept', 'ping', 'pong 0']],
    ['06d80406b960', ['pong 0.6', 'pong 12.345']],
    ['06' + '80'.repeat(6) + '40', ['pong 281474976710.656']], // 2^48
    ['0701026869', ['bye duplicate hi']],
    ['070600' + '05', ['bye violation ']],
    ['05070000' + 'ff', ['ping', 'bye done ']],
  ])('reads %s', (hex, heard) => expect(parse(hex)).toEqual({ heard, wrong: undefined }));

  it.each([
    ['', /without packets/],
    ['09', /unknown type 9/],
    ['ff', /unknown type 255/],
    ['00', /valid channel/],
    ['0080', /valid channel/],
    ['008000' + '01aa', /valid channel/], // 0 in two bytes
    ['00808004' + '01aa', /valid channel/], // 65,536
    ['00ffffffffff' + '01aa', /valid channel/],
    ['0105', /extends beyond its record/],
    ['010502aa', /extends beyond its record/],
    ['01058100aa', /extends beyond its record/], // 1 in two bytes
    ['0105ffffffff0faa', /extends beyond its record/],
    ['000500', /empty piece that is not the last/],
    ['02', /credit without a valid channel/],
    ['0205', /valid number of messages/],
    ['0205ff', /valid number of messages/],
    ['0205808080800800', /valid number of messages/], // 2^31
    ['02058080808080800100', /valid number of messages/],
    ['020501', /valid number of bytes/],
    ['020501ff', /valid number of bytes/],
    ['0205018000', /valid number of bytes/], // 0 in two bytes
    ['0205018080808008', /valid number of bytes/], // 2^31
    ['020501808080808001', /valid number of bytes/],
    ['06', /pong without a valid time/],
    ['068000', /pong without a valid time/], // 0 in two bytes
    ['06' + '81' + '80'.repeat(5) + '40', /pong without a valid time/], // 2^48 + 1
    ['03', /closed channel/],
    ['08', /message limit without a valid channel/],
    ['0805', /message limit without a valid number/],
    ['080500', /message limit without a valid number/],
    ['0805' + '8180808004', /message limit without a valid number/],
    ['03808004', /closed channel/],
    ['07', /valid reason/],
    ['0707' + '00', /valid reason/],
    ['0700', /valid text/],
    ['070002' + '68', /valid text/],
    ['07008102' + '68'.repeat(257), /valid text/],
    ['070001ff', /not UTF-8/],
  ])('refuses %s', (hex, why) => {
    const { heard, wrong } = parse(hex);
    expect(wrong).toMatch(why);
    expect(heard).toEqual([]);
  });

  it('hands over what stands in front of a mistake', () =>
    expect(parse('050600' + '09' + '05')).toEqual({
      heard: ['ping', 'pong 0'],
      wrong: 'a packet of unknown type 9',
    }));

  it('stops in the middle of a record when its handler has', () => {
    const recorder = new Recorder();
    recorder.onData = () => (recorder.stopped = true);
    expect(parsePackets(Uint8Array.of(1, 5, 0, 5, 0xff), recorder)).toBeUndefined();
    expect(recorder.heard).toEqual(['data 5  last']);
  });

  it('hands out views into the record that are plain, even if the record is a Buffer', () => {
    const record = Buffer.from('ee0105020a0b', 'hex').subarray(1);
    const recorder = new Recorder();
    parsePackets(record, recorder);
    const [view] = recorder.views;
    expect(view?.constructor).toBe(Uint8Array);
    expect(view?.buffer).toBe(record.buffer);
    expect(recorder.heard).toEqual(['data 5 0a0b last']);
  });

  const channel = fc.integer({ min: 0, max: 0xffff });
  const packet = fc.oneof(
    fc.record({
      kind: fc.constant('data' as const),
      channel,
      bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
      last: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant('credit' as const),
      channel,
      messages: fc.integer({ min: 0, max: 0x7fff_ffff }),
      bytes: fc.integer({ min: 0, max: 0x7fff_ffff }),
    }),
    fc.record({
      kind: fc.constant('limit' as const),
      channel,
      bytes: fc.integer({ min: 1, max: 2 ** 30 }),
    }),
    fc.record({ kind: fc.constant('closed' as const), channel }),
    fc.record({ kind: fc.constant('pong' as const), us: fc.integer({ min: 0, max: 2 ** 48 }) }),
    fc.record({ kind: fc.constantFrom('accept' as const, 'ping' as const) }),
  );
  const bye = fc.record({
    reason: fc.constantFrom(...BYE_REASONS),
    text: fc.string({ unit: 'grapheme', maxLength: 20 }),
  });

  it('reads what a batch has written, whatever that is', () => {
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 50 }), bye, (packets, end) => {
        const batch = new PacketBatch();
        const expected = new Recorder();
        for (const each of packets) {
          if (each.kind === 'data') {
            batch.data(each.channel, each.bytes, 0, each.bytes.length, each.last);
            expected.data(each.channel, each.bytes, each.last);
          } else if (each.kind === 'credit') {
            batch.credit(each.channel, each.messages, each.bytes);
            expected.credit(each.channel, each.messages, each.bytes);
          } else if (each.kind === 'limit') {
            batch.messageLimit(each.channel, each.bytes);
            expected.messageLimit(each.channel, each.bytes);
          } else if (each.kind === 'closed') {
            batch.channelClosed(each.channel);
            expected.channelClosed(each.channel);
          } else if (each.kind === 'pong') {
            batch.pong(each.us / 1_000);
            expected.pong(each.us / 1_000);
          } else {
            batch[each.kind]();
            expected[each.kind]();
          }
        }
        batch.bye(end.reason, end.text);
        expected.bye(end.reason, end.text);
        const recorder = new Recorder();
        expect(parsePackets(batch.seal(plainRecords), recorder)).toBeUndefined();
        expect(recorder.heard).toEqual(expected.heard);
      }),
    );
  });

  it('takes any garbage without throwing, and calls at most once a byte', () => {
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 2000 }),
      fc.array(fc.nat(9), { maxLength: 200 }).map((bytes) => Uint8Array.from(bytes)),
    );
    fc.assert(
      fc.property(garbage, (record) => {
        const recorder = new Recorder();
        const wrong = parsePackets(record, recorder);
        expect(typeof wrong).toBe(wrong === undefined ? 'undefined' : 'string');
        expect(recorder.heard.length).toBeLessThanOrEqual(record.length);
      }),
    );
  });
});
