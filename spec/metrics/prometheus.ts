import type { Meter } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

/** A real SDK, whose metrics are read over HTTP, as Prometheus would. */
export class Prometheus {
  readonly meter: Meter;
  readonly #provider: MeterProvider;
  readonly #url: string;

  private constructor(provider: MeterProvider, url: string) {
    this.#provider = provider;
    this.#url = url;
    this.meter = provider.getMeter('rxmesh');
  }

  static async start(port: number): Promise<Prometheus> {
    const options = { host: '127.0.0.1', port, preventServerStart: true };
    const exporter = new PrometheusExporter(options);
    const provider = new MeterProvider({ readers: [exporter] });
    await exporter.startServer();
    return new Prometheus(provider, `http://127.0.0.1:${port}/metrics`);
  }

  /** The lines of one scrape, without comments and the labels of the SDK itself. */
  async scrape(): Promise<readonly string[]> {
    const text = await (await fetch(this.#url)).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith('rxmesh_') || line.startsWith('rpc_'))
      .map((line) => line.replaceAll(/,?otel_scope_\w+="[^"]*"/g, '').replace('{}', ''))
      .map((line) => line.replaceAll('{,', '{'));
  }

  stop(): Promise<void> {
    return this.#provider.shutdown();
  }
}
