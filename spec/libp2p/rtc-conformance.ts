import type { TransportSetup } from '../../lib/testing/index.ts';

/** What the conformance suite has to know of libp2p's WebRTC. */
export const overWebRtc: Omit<TransportSetup, 'open'> = {
  networked: true,
  dialsItself: false,
  knowsLocal: false,
  holdsBack: false,
  // Ten times the default: data channels are slow, and a busy machine slows them further.
  timeoutMs: 50_000,
};
