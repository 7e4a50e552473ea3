import {
  Button,
  ButtonGroup,
  Content,
  Dialog,
  Divider,
  Form,
  Heading,
  Item,
  Picker,
  TextArea,
} from "@adobe/react-spectrum";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "@/api/useSession";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { stay } from "@/ui/stay";
import { useAct } from "@/ui/useAct";
import { configurationsQuery } from "./channels";
import { addressesOf, shownAt } from "./draft";
import type { Channel } from "./search";
import { sendProof } from "./templates";
import { useFaultOf } from "./useFaultOf";

interface Props {
  uid: string;
  channel: Channel;
  /** The sample that the preview is made with. */
  values: Record<string, unknown>;
  onClose: () => void;
}

const DEFAULT = "";
const MOST = 10;

/** Sends the saved draft to people who are to look at it. */
export function ProofDialog({ uid, channel, values, onClose }: Props) {
  const t = useT();
  const faultOf = useFaultOf();
  const [text, setText] = useState("");
  const [configuration, setConfiguration] = useState(DEFAULT);
  const mayReadChannels = useMay("journeys_actions.read");
  const configurations = useQuery({ ...configurationsQuery, enabled: mayReadChannels });
  const addresses = addressesOf(text);
  const send = useAct(
    () =>
      sendProof(uid, { ...values, addresses, ...(configuration !== DEFAULT && { configurationUid: configuration }) }),
    {
      invalidates: [["inbox"]],
      showsError: true,
      done: t("templates.done.proof", { count: addresses.length }),
      onDone: onClose,
    },
  );
  const fault = faultOf(send.error);
  return (
    <Dialog size="M">
      <Heading>{t("templates.proof")}</Heading>
      <Divider />
      <Content>
        {send.error && <ErrorNotice error={send.error} />}
        <Form onSubmit={stay}>
          <TextArea
            label={t(`templates.proof.addresses.${channel}`)}
            description={t("templates.proof.detail")}
            value={text}
            onChange={(typed) => {
              setText(typed);
              send.reset();
            }}
            autoFocus
            {...shownAt(fault, "$.addresses")}
          />
          <Picker
            label={t("templates.proof.configuration")}
            items={[
              { uid: DEFAULT, name: t("templates.proof.default") },
              ...(configurations.data ?? []).filter((one) => one.channel === channel),
            ]}
            selectedKey={configuration}
            onSelectionChange={(key) => setConfiguration(String(key))}
          >
            {(item) => <Item key={item.uid}>{item.name}</Item>}
          </Picker>
        </Form>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button
          variant="accent"
          isDisabled={addresses.length === 0 || addresses.length > MOST}
          isPending={send.isPending}
          onPress={() => send.mutate()}
        >
          {t("templates.proof.send")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
