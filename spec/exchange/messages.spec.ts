import { describe, expect, it } from '@jest/globals';
import { addressesMax, exchangeCodec } from '../../lib/exchange/messages.ts';
import { parseNodeAddress } from '../../lib/model/address.ts';
import { RxmeshError } from '../../lib/model/error.ts';

const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hexOf = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const decode = (hex: string) => exchangeCodec.decode(bytes(hex));

describe('the messages of peer exchange', () => {
  it('an ask is an empty field 1', () => {
    expect(hexOf(exchangeCodec.encode({ kind: 'ask' }))).toBe('0a00');
    expect(decode('0a00')).toEqual({ kind: 'ask' });
  });

  it('an answer is field 2, with each address in a field 1', () => {
    const addresses = ['ws://a', 'b'];
    const hex = '120b 0a0677733a2f2f61 0a0162'.replaceAll(' ', '');
    expect(hexOf(exchangeCodec.encode({ kind: 'answer', addresses }))).toBe(hex);
    expect(decode(hex)).toEqual({ kind: 'answer', addresses });
    expect(hexOf(exchangeCodec.encode({ kind: 'answer', addresses: [] }))).toBe('1200');
    expect(decode('1200')).toEqual({ kind: 'answer', addresses: [] });
  });

  it('ignores fields that it does not know, so that messages can grow', () => {
    expect(decode('0a020801')).toEqual({ kind: 'ask' });
    expect(decode('1a0161 0a00 2001')).toEqual({ kind: 'ask' });
    expect(decode('1205 1001 0a0161')).toEqual({ kind: 'answer', addresses: ['a'] });
  });

  it.each([
    ['nothing', ''],
    ['neither of the two', '1a0161'],
    ['an answer that is cut short', '1205 0a0161'],
    ['a length beyond the message', '0aff01'],
    ['an address that reaches beyond its answer', '1203 0a0561 6161616161'],
    ['a group', '0b'],
  ])('refuses %s', (_, hex) => {
    expect(() => decode(hex)).toThrow(expect.objectContaining({ code: 'RXMESH_DECODE_FAILED' }));
  });

  it('B-34 has one format: in that of CometBFT it finds no address', () => {
    // A `pexAddrs` with one address, whose fields are an ID, an IP address and a port.
    const told = decode('1212 0a10 0a0161 1209 3139322e302e322e31 1801');
    expect(told).toEqual({ kind: 'answer', addresses: ['\n\x01a\x12\t192.0.2.1\x18\x01'] });
    for (const text of told.kind === 'answer' ? told.addresses : []) {
      expect(() => parseNodeAddress(text)).toThrow(RxmeshError);
    }
  });

  it('B-33 refuses more addresses than an answer may have', () => {
    const addresses = Array.from({ length: addressesMax }, String);
    const full = exchangeCodec.encode({ kind: 'answer', addresses });
    expect(exchangeCodec.decode(full)).toEqual({ kind: 'answer', addresses });
    const over = exchangeCodec.encode({ kind: 'answer', addresses: [...addresses, 'one more'] });
    expect(() => exchangeCodec.decode(over)).toThrow('more than 100 addresses');
  });
});
