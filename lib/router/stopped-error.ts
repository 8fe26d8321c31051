import { RxmeshError } from '../model/error.ts';

/** The error of everything that a stopped router cannot do: `RXMESH_STOPPED`. */
export function stoppedError(): RxmeshError {
  return new RxmeshError('RXMESH_STOPPED', 'the router is stopped, and does not start again');
}
