import { helloProblem } from '../../lib/secure/index.ts';

/** The subprotocol of rxmesh's wire, which a listener selects (docs/wire.md, "Over WebSocket"). */
export const wireProtocol = 'rxmesh.2';

/** RFC 4648 §5, without padding: all of it may stand in a header, and in what a page offers. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const bitsPerDigit = 6;
/** The 37 bytes of a hello; a longer text is not decoded. */
const helloDigitsMax = 50;

/** What a dialer offers: the wire, and its hello. Pages can send nothing else with an upgrade. */
export function offeredProtocols(hello: Uint8Array): readonly string[] {
  return [wireProtocol, encodeBase64Url(hello)];
}

/** The hello that a dialer offers, or a sentence that says what is wrong with the offer. */
export function helloOffered(header: string | undefined): Uint8Array | string {
  const [protocol, encoded, more] = header?.split(',', 3).map((value) => value.trim()) ?? [];
  if (protocol !== wireProtocol || encoded === undefined || more !== undefined) {
    return `Sec-WebSocket-Protocol must be ${wireProtocol} and the hello of the dialer, in base64url`;
  }
  const hello = encoded.length > helloDigitsMax ? undefined : decodeBase64Url(encoded);
  if (hello === undefined) return 'the hello of the dialer is too long, or not in base64url';
  return helloProblem(hello) ?? hello;
}

function encodeBase64Url(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let waiting = 0;
  for (const byte of bytes) {
    waiting = (waiting << 8) | byte;
    for (bits += 8; bits >= bitsPerDigit; bits -= bitsPerDigit) {
      text += alphabet[(waiting >> (bits - bitsPerDigit)) & 0x3f] ?? '';
    }
  }
  return bits === 0 ? text : text + (alphabet[(waiting << (bitsPerDigit - bits)) & 0x3f] ?? '');
}

/** Undefined for what is not encoded as `encodeBase64Url` does it: the same bytes have one text. */
function decodeBase64Url(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * bitsPerDigit) / 8));
  let at = 0;
  let bits = 0;
  let waiting = 0;
  for (const digit of text) {
    const value = alphabet.indexOf(digit);
    if (value < 0) return undefined;
    waiting = ((waiting << bitsPerDigit) | value) & 0xffff;
    bits += bitsPerDigit;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (waiting >> bits) & 0xff;
    }
  }
  return encodeBase64Url(bytes) === text ? bytes : undefined;
}
