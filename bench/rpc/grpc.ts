import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { bodyFor, decode, encode, type Item } from '../contestants/item.ts';
import type { RpcContestant } from './contestant.ts';

const serialize = (item: Item): Buffer => Buffer.from(encode(item));
const method = {
  path: '/bench.Echo/Ask',
  requestStream: false,
  responseStream: false,
  requestSerialize: serialize,
  requestDeserialize: decode,
  responseSerialize: serialize,
  responseDeserialize: decode,
};
const service: ServiceDefinition = { ask: method };

/** A unary call of grpc-js, over one HTTP/2 connection without TLS. */
export const grpc: RpcContestant = {
  name: 'grpc-js',

  async serve() {
    const server = new Server();
    server.addService(service, {
      ask: ({ request }: ServerUnaryCall<Item, Item>, answer: sendUnaryData<Item>) =>
        answer(null, request),
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    return `127.0.0.1:${port}`;
  },

  connect(address) {
    const client = new Client(address, credentials.createInsecure());
    const item = { seq: 7, body: bodyFor(64) };
    return Promise.resolve((answered) => {
      client.makeUnaryRequest(method.path, serialize, decode, item, (error) => {
        if (error !== null) throw error;
        answered();
      });
    });
  },
};
