export {
  PREDICATE_BASE,
  STATEMENT_TYPE,
  type Statement,
  type StatementSigner,
  type Subject,
  type VerifiedStatement,
} from "./statement.js";
