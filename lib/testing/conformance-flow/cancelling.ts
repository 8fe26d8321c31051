import { config } from 'rxjs';
import { check, checkCount } from './check.ts';
import type { FlowScenario } from './scenario.ts';
import type { FlowStage } from './stage.ts';

/** Requirements for when a consumer leaves. */
export const cancellingScenarios: readonly FlowScenario[] = [
  {
    name: 'RS-1.08 after unsubscribing nothing arrives, and the source is released',
    play: async (stage) => {
      const opened = await stage.open(100);
      const probe = stage.probe(opened.flow);
      probe.request(2);
      await stage.receives(probe, 2);
      probe.unsubscribe();
      await stage.settle();
      checkCount(probe.values.length, 2, 'the number of values');
      check(!probe.ended, 'no end should come after unsubscribe');
      await stage.releases(opened, 'when nobody consumes it');
    },
  },
  {
    name: 'RS-2.13 a consumer that throws is unsubscribed, and what it threw is an unhandled error',
    play: checkThrowing,
  },
  {
    name: 'RS-3.05 unsubscribing within next is final, however much was requested',
    play: async (stage) => {
      const opened = await stage.open(100);
      const probe = stage.probe(opened.flow);
      probe.onNext = (value) => {
        if (value === 2) probe.unsubscribe();
      };
      probe.request(Infinity);
      await stage.receives(probe, 3);
      check(!probe.ended, 'no end should come after unsubscribe');
      await stage.releases(opened, 'when nobody consumes it');
    },
  },
  {
    name: 'RS-3.06 requests after unsubscribe do nothing',
    play: async (stage) => {
      const probe = stage.probe((await stage.open(10)).flow);
      probe.request(1);
      await stage.receives(probe, 1);
      probe.unsubscribe();
      for (const count of [1, Infinity]) probe.request(count);
      await stage.receives(probe, 1);
      check(!probe.ended, 'no end should come after unsubscribe');
    },
  },
  {
    name: 'RS-3.07 unsubscribing twice, and before any request, is fine',
    play: async (stage) => {
      const opened = await stage.open(10);
      const probe = stage.probe(opened.flow);
      probe.unsubscribe();
      probe.unsubscribe();
      await stage.receives(probe, 0);
      await stage.releases(opened, 'when nobody consumes it');
    },
  },
];

async function checkThrowing(stage: FlowStage): Promise<void> {
  const opened = await stage.open(100);
  const thrown = new Error('flow conformance');
  const { onUnhandledError } = config;
  const reported: unknown[] = [];
  config.onUnhandledError = (error) => {
    if (error === thrown) reported.push(error);
    else onUnhandledError?.(error);
  };
  try {
    const probe = stage.probe(opened.flow);
    probe.onNext = () => {
      throw thrown;
    };
    probe.request(5);
    await stage.receives(probe, 1);
    await stage.until(() => reported.length === 1, "RxJS's onUnhandledError should be called");
    check(!probe.ended, 'a consumer that has thrown should hear nothing more');
    await stage.releases(opened, 'when its consumer has thrown');
  } finally {
    config.onUnhandledError = onUnhandledError;
  }
}
