/** On a run's page: whether the fix of its finding was proved. */

import { unbroken } from "../format";
import { Section } from "../parts/section";
import { Story, VerdictLine } from "../proof/story";
import type { ProofView } from "../proof_view";

export function ProofSection({ proof }: { proof: ProofView }) {
  return (
    <Section id="proof" title="Did the fix help?">
      <p class="lead">{unbroken(proof.comparison.sentence)}</p>
      <div class="verdicts">
        <VerdictLine comparison={proof.comparison} />
      </div>
      <Story proof={proof} within />
    </Section>
  );
}
