import {
  type Endpoint,
  endpointToAddress,
  formatEndpoint,
  validateEndpoint,
} from '../../../lib/model/endpoint.ts';
import { formatNodeAddress } from '../../../lib/model/address.ts';
import { endpointUrl } from '../../../transports/websocket/endpoint-url.ts';
import { bytesOf, textOf } from '../bytes.ts';
import { mutate } from '../mutate.ts';
import { attempt, expectThat, type Target } from '../target.ts';
import { ipText } from './ips.ts';

const good = [
  ['ws', 'wss'],
  ['', 'host', 'b\u00fccher', 'a.b.', '::1', '_'],
  ['', '80', '443', '65535'],
  ['', '/a?b#c', 'a', '//h/', '/\u00e9 ', '\\', '/%zz'],
] as const;
const strange = [
  ['memory', '', 'WS', 'a b'],
  ['\u2460', 'a/b', 'u@h', '[::1]', 'h:80', 'x%y', '\u00ad', '1.2', 'a?b', 'h\t'],
  ['0', '65536', '1.5', 'NaN', '-1'],
  ['\ud83d', '\u0000', '?', '..', '/../..'],
] as const;

/** Parses an endpoint from lines, one per part, empty if absent. */
function endpointOf(text: string): Endpoint {
  const [protocol = '', ip = '', host = '', port = '', path = ''] = text.split('\n');
  return {
    protocol,
    ...(ip !== '' && { ip }),
    ...(host !== '' && { host }),
    ...(port !== '' && { port: Number(port) }),
    ...(path !== '' && { path }),
  };
}

/** Endpoints, which come from resolvers, sockets and users, and the URLs built from them. */
export const endpoints: Target = {
  name: 'endpoints',
  share: 5,
  generate(random) {
    const ip = random.once(2) ? '' : ipText(random);
    const [protocol, ...rest] = good.map((of, at) =>
      random.pick(random.once(10) ? (strange[at] ?? of) : of),
    );
    const bytes = bytesOf([protocol, ip, ...rest].join('\n'));
    return !random.once(3) ? bytes : mutate(bytes, random);
  },
  check(input) {
    const endpoint = endpointOf(textOf(input));
    // Formatting is for users and logs, so it must accept anything.
    formatEndpoint(endpoint);
    formatNodeAddress(endpointToAddress(endpoint));
    const valid = attempt(() => validateEndpoint(endpoint), ['RXMESH_ENDPOINT_INVALID']);
    const url = attempt(() => endpointUrl(endpoint), ['RXMESH_ENDPOINT_INVALID']);
    if ('code' in url) return 'code' in valid ? valid.code : `${url.code} for a URL`;
    expectThat('value' in valid, 'an endpoint that is not valid has a URL');
    expectThat(URL.canParse(url.value), `${url.value} is no URL`);
    const { protocol, port, hash, username, password } = new URL(url.value);
    expectThat(protocol === `${endpoint.protocol}:`, `the scheme of ${url.value}`);
    expectThat(hash + username + password === '', `${url.value} has more than it should`);
    const usual = protocol === 'ws:' ? 80 : 443;
    const isPort = Number(port === '' ? usual : port) === (endpoint.port ?? usual);
    expectThat(isPort, `the port of ${url.value}`);
    return 'value';
  },
};
