export { type SparkExecutorOptions, sparkExecutor } from "./spark-executor.js";
