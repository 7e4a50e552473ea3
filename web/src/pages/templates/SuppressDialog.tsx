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
  TextField,
} from "@adobe/react-spectrum";
import { type FormEvent, useState } from "react";
import { useT } from "@/i18n/useT";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { useAct } from "@/ui/useAct";
import { suppress } from "./channels";
import { shownAt } from "./draft";
import { CHANNELS, type Channel } from "./search";
import { useFaultOf } from "./useFaultOf";

/** Puts an address onto the suppression list. */
export function SuppressDialog({ channel: first, onClose }: { channel: Channel; onClose: () => void }) {
  const t = useT();
  const faultOf = useFaultOf();
  const [channel, setChannel] = useState(first);
  const [address, setAddress] = useState("");
  const [note, setNote] = useState("");
  const add = useAct(() => suppress({ channel, address: address.trim(), note: note || null }), {
    invalidates: [["channels", "suppressions"]],
    showsError: true,
    done: t("templates.done.suppressed"),
    onDone: onClose,
  });
  const fault = faultOf(add.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!add.isPending) add.mutate();
  };
  return (
    <Dialog size="M">
      <Heading>{t("templates.suppressions.add")}</Heading>
      <Divider />
      <Content>
        {add.error && <ErrorNotice error={add.error} />}
        <Form id="suppression" onSubmit={submit} validationBehavior="native">
          <Picker
            label={t("templates.field.channel")}
            items={CHANNELS.map((id) => ({ id, name: t(`templates.channel.${id}`) }))}
            selectedKey={channel}
            onSelectionChange={(key) => setChannel(CHANNELS.find((one) => one === key) ?? "email")}
          >
            {(item) => <Item>{item.name}</Item>}
          </Picker>
          <TextField
            label={t("templates.suppressions.address")}
            value={address}
            onChange={(typed) => {
              setAddress(typed);
              add.reset();
            }}
            isRequired
            autoFocus
            autoComplete="off"
            {...shownAt(fault, "$.address")}
          />
          <TextField
            label={t("templates.suppressions.note")}
            value={note}
            onChange={setNote}
            maxLength={500}
            {...shownAt(fault, "$.note")}
          />
        </Form>
      </Content>
      <ButtonGroup>
        <Button variant="secondary" onPress={onClose}>
          {t("common.cancel")}
        </Button>
        <Button variant="accent" type="submit" form="suppression" isPending={add.isPending}>
          {t("templates.suppressions.add")}
        </Button>
      </ButtonGroup>
    </Dialog>
  );
}
