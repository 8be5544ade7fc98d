/** What a worker thread runs: one request after another, each answered with its output or its error. */

import { parentPort } from "node:worker_threads";
import { loadTask } from "./executor.js";
import { toPlainError, transferableBuffers, type WorkReply, type WorkRequest } from "./worker-message.js";

const port = parentPort;
if (port === null) throw new Error("This module is the entry of a worker thread");

port.on("message", async ({ id, module, name, options, input }: WorkRequest) => {
  let reply: WorkReply;
  try {
    const run = await loadTask({ module, name });
    const output = await run(options, input, { onWork: (units) => port.postMessage({ id, units }) });
    reply = { id, output };
    port.postMessage(reply, transferableBuffers(output));
  } catch (error) {
    reply = { id, error: toPlainError(error) };
    port.postMessage(reply);
  }
});
