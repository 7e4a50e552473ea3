import { Button, ButtonGroup, Content, Dialog, Divider, Form, Heading, Text, TextArea } from "@adobe/react-spectrum";
import { type FormEvent, useState } from "react";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import type { ReviewVerb } from "./review";

const MAX_COMMENT = 2_000;

interface Props {
  verb: ReviewVerb;
  error: Error | null;
  isPending: boolean;
  onSend: (comment: string) => void;
  onClose: () => void;
}

/** Asks for the comment that goes along with a request or a decision. */
export function ReviewDialog({ verb, error, isPending, onSend, onClose }: Props) {
  const t = useT();
  const [comment, setComment] = useState("");
  const isNeeded = verb === "requestChanges";
  const isMissing = isNeeded && comment.trim() === "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isPending && !isMissing) onSend(comment);
  };
  return (
    <Dialog size="M">
      <Heading>{t(`approvals.ask.${verb}.title`)}</Heading>
      <Divider />
      <Content>
        {error && <ErrorNotice error={error} />}
        <Form id="review" onSubmit={submit}>
          <Text>{t(`approvals.ask.${verb}.detail`)}</Text>
          <TextArea
            label={t("approvals.comment")}
            value={comment}
            onChange={setComment}
            maxLength={MAX_COMMENT}
            isRequired={isNeeded}
            autoFocus
          />
        </Form>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button variant="accent" type="submit" form="review" isPending={isPending} isDisabled={isMissing}>
          {t(`approvals.do.${verb}`)}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
