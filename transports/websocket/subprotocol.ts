import { fromBase64, toBase64 } from '../../lib/model/base64.ts';
import { quote } from '../../lib/model/quote.ts';
import { helloProblem } from '../../lib/secure/index.ts';

/** The subprotocol of rxmesh's wire, which a listener selects (docs/wire.md, "Over WebSocket"). */
export const wireProtocol = 'rxmesh.2';

/** The encoded length of a hello of 37 bytes. Text of any other length is not decoded. */
const helloDigits = 50;

/**
 * What a dialer offers: the wire protocol, and its hello, since a page can attach nothing else to
 * an upgrade.
 */
export function offeredProtocols(hello: Uint8Array): readonly string[] {
  // RFC 4648 §5 without padding: every digit is allowed in a header, and in what a page may offer.
  const digits = toBase64(hello).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  return [wireProtocol, digits];
}

/** Describes what is wrong with the subprotocol that a server chose; undefined: nothing is. */
export function subprotocolFault(chosen: string): string | undefined {
  if (chosen === wireProtocol) return undefined;
  return `the server chose subprotocol ${quote(chosen)}, not ${wireProtocol}: is it an rxmesh node?`;
}

/** The hello that a dialer offers, or a sentence that says what is wrong with the offer. */
export function helloOffered(header: string | undefined): Uint8Array | string {
  const [protocol, digits, more] = header?.split(',', 3).map((value) => value.trim()) ?? [];
  if (protocol !== wireProtocol || digits === undefined || more !== undefined) {
    return `Sec-WebSocket-Protocol must be ${wireProtocol} and the hello of the dialer, in base64url`;
  }
  const isEncoded = digits.length === helloDigits && /^[\w-]*$/.test(digits);
  const padded = `${digits.replaceAll('-', '+').replaceAll('_', '/')}==`;
  const hello = isEncoded ? fromBase64(padded) : undefined;
  if (hello === undefined)
    return `the hello of the dialer must be ${helloDigits} digits of base64url`;
  return helloProblem(hello) ?? hello;
}
