/** What worker threads run for checks: named by the URL of this module, so it is built as an entry of its own, beside the index. */

export { foldPart } from "./fold-part.js";
export { imagePart } from "./image/image-part.js";
