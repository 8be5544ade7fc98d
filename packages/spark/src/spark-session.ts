/**
 * One Spark session: a `spark-submit` that runs `driver.py` for as long as it is wanted, and the socket over which work is
 * asked of it. One session for many maps, because a session takes ten seconds to start and a job half a second.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { SourceError } from "@assay/merkle";
import type { Ack } from "./result.js";

export interface SparkSessionOptions {
  readonly submit: string;
  readonly master: string;
  readonly python: string;
  readonly conf: Readonly<Record<string, string>>;
  readonly startTimeoutMs: number;
}

/** One job: the bins of a plan. */
export interface SparkJob {
  /** Folder and digest of the plan. */
  readonly folder: string;
  readonly plan: string;
  readonly bins: number;
  /** The command of the kernel on the executors. */
  readonly command: readonly string[];
}

interface Waiting {
  readonly resolve: (acks: readonly Ack[]) => void;
  readonly reject: (error: unknown) => void;
}

type DriverMessage =
  | { readonly hello: string }
  | { readonly done: number; readonly acks: readonly (readonly [number, string, number, boolean])[] }
  | { readonly failed: number; readonly message: string };

/** Characters of what Spark printed last that an error quotes. */
const LOG_CHARACTERS = 4000;
/** How long the driver may take to stop before it is killed. */
const STOP_TIMEOUT_MS = 20_000;

export class SparkSession {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  #socket: Socket | null = null;
  #log = "";
  #nextId = 1;

  private constructor({ submit, master, python, conf }: SparkSessionOptions, socketPath: string) {
    const settings = {
      "spark.app.name": "assay",
      "spark.ui.enabled": "false",
      "spark.pyspark.python": python,
      ...conf,
    };
    const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
    const flags = ["--master", master, "--deploy-mode", "client", "--py-files", script("./assay_spark_bins.py")];
    const confFlags = Object.entries(settings).flatMap(([key, value]) => ["--conf", `${key}=${value}`]);
    this.#child = spawn(submit, [...flags, ...confFlags, script("./driver.py"), socketPath], {
      env: { ...process.env, PYSPARK_PYTHON: python, PYSPARK_DRIVER_PYTHON: python },
      // A group of its own, so that the JVM, the driver and local executors can be ended together.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#log = (this.#log + text).slice(-LOG_CHARACTERS);
      });
    }
    this.#exited = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        this.#log += `\n${error.message}`;
        resolve();
      });
      this.#child.once("exit", () => resolve());
    });
    void this.#exited.then(() => this.#failAll(this.#failure("Spark ended while it was wanted")));
  }

  /**
   * Starts Spark and waits until its driver says hello.
   *
   * @throws SourceError `executor-failed` with what Spark printed last.
   */
  static async start(options: SparkSessionOptions): Promise<SparkSession> {
    // Only its owner can reach what is in this folder: the socket needs no password.
    const folder = await mkdtemp(join(tmpdir(), "assay-"));
    const server = createServer();
    try {
      const socketPath = join(folder, "s");
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject).listen(socketPath, resolve);
      });
      const session = new SparkSession(options, socketPath);
      try {
        await session.#connect(new Promise((resolve) => server.once("connection", resolve)), options);
      } catch (error) {
        session.#kill();
        throw error;
      }
      return session;
    } finally {
      server.close();
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #connect(connection: Promise<Socket>, { startTimeoutMs }: SparkSessionOptions): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const hello = connection.then(
      (socket) =>
        new Promise<void>((resolve) => {
          this.#socket = socket;
          socket.on("error", () => {});
          createInterface({ input: socket }).on("line", (line) => {
            const message = JSON.parse(line) as DriverMessage;
            if ("hello" in message) resolve();
            else this.#settle(message);
          });
        }),
    );
    const failed = new Promise<never>((_, reject) => {
      const say = `Spark did not start within ${startTimeoutMs / 1000} seconds (startTimeoutMs)`;
      timer = setTimeout(() => reject(this.#failure(say)), startTimeoutMs);
      void this.#exited.then(() => reject(this.#failure("Spark did not start")));
    });
    try {
      await Promise.race([hello, failed]);
    } finally {
      clearTimeout(timer);
    }
    this.#rest();
  }

  /**
   * Runs a job to its end.
   *
   * @throws SourceError `executor-failed` when Spark gives up, or after `timeoutMs`. The reason of the signal, at once;
   * the cluster is told to stop.
   */
  run(job: SparkJob, timeoutMs: number, signal?: AbortSignal): Promise<readonly Ack[]> {
    const id = this.#nextId++;
    return new Promise<readonly Ack[]>((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#waiting.delete(id);
        this.#rest();
      };
      const cancel = (reason: unknown) => {
        this.#send({ cancel: id });
        end();
        reject(reason);
      };
      const onAbort = () => cancel(signal?.reason);
      const timer = setTimeout(
        () => cancel(this.#failure(`Spark did not finish the work within ${timeoutMs / 1000} seconds (timeoutMs)`)),
        timeoutMs,
      );
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.set(id, {
        resolve: (acks) => {
          end();
          resolve(acks);
        },
        reject: (error) => {
          end();
          reject(error);
        },
      });
      this.#rest();
      if (this.isAlive) this.#send({ run: id, ...job });
      else this.#waiting.get(id)?.reject(this.#failure("Spark has ended"));
    });
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.#socket?.writable === true;
  }

  /** Ends Spark: the driver stops when its socket is at its end; one that does not is killed, with all that it started. */
  async close(): Promise<void> {
    this.#failAll(new Error("The executor was closed while it worked"));
    this.#socket?.end();
    this.#child.ref();
    const timer = setTimeout(() => this.#kill(), STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(timer);
    this.#socket?.destroy();
    this.#kill();
  }

  #settle(message: Exclude<DriverMessage, { readonly hello: string }>): void {
    if ("done" in message) {
      const acks = message.acks.map(([unit, digest, bytes, failed]): Ack => ({ unit, digest, bytes, failed }));
      this.#waiting.get(message.done)?.resolve(acks);
    } else {
      this.#waiting.get(message.failed)?.reject(this.#failure("Spark gave up the work", message.message));
    }
  }

  #failAll(error: Error): void {
    for (const { reject } of [...this.#waiting.values()]) reject(error);
  }

  #failure(what: string, log = this.#log): SourceError {
    return new SourceError("executor-failed", `${what}. It says: ${log.trim() || "nothing"}`, { details: { log } });
  }

  #send(message: object): void {
    this.#socket?.write(`${JSON.stringify(message)}\n`);
  }

  /** A session without work does not keep the process alive; if that ends, the driver finds its socket closed. */
  #rest(): void {
    const handles = [
      this.#child,
      this.#socket,
      this.#child.stdout as unknown as Socket,
      this.#child.stderr as Socket | null,
    ];
    for (const handle of handles) {
      if (this.#waiting.size > 0) handle?.ref();
      else handle?.unref();
    }
  }

  #kill(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // The group has ended already.
    }
  }
}
