export { createReport, type ReportInput, type ReportOptions } from "./create-report.js";
export { LIMITS, type Limit } from "./limits.js";
export type { Field, PlainJson } from "./plain-json.js";
export {
  type Headline,
  type NotLookedAt,
  REPORT_FORMAT,
  type Report,
  type ReportControl,
  type ReportControls,
  type ReportDataset,
  type ReportFile,
  type ReportFinding,
  type ReportFindings,
  type ReportLineage,
  type ReportOutcome,
  type ReportReading,
  type ReportSigner,
  type ReportTrust,
  type Shown,
} from "./report-model.js";
export type { BarPlot, HistogramPlot, ReportPlot, ScatterPlot, ScatterPoint } from "./report-plot.js";
export type { ReportedVerdict } from "./report-trust.js";
export { toCsv } from "./to-csv.js";
export { type ToHtmlOptions, toHtml } from "./to-html.js";
export { toJson } from "./to-json.js";
export { type ToMarkdownOptions, toMarkdown } from "./to-markdown.js";
export { JUPYTER_DISPLAY, type NotebookDisplay, type ToNotebookOptions, toNotebook } from "./to-notebook.js";
export { type ToSarifOptions, toSarif } from "./to-sarif.js";
export { toText } from "./to-text.js";
