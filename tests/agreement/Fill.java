import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.javarosa.core.model.Constants;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.FormIndex;
import org.javarosa.core.model.data.DateData;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.data.IntegerData;
import org.javarosa.core.model.data.SelectOneData;
import org.javarosa.core.model.data.StringData;
import org.javarosa.core.model.data.helper.Selection;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.model.instance.TreeReference;
import org.javarosa.core.model.utils.DateUtils;
import org.javarosa.form.api.FormEntryController;
import org.javarosa.form.api.FormEntryModel;
import org.javarosa.model.xform.XFormsModule;
import org.javarosa.xform.util.XFormUtils;

/**
 * Fills forms in JavaRosa, ODK Collect's engine, as an inspector does: question by question.
 *
 * java -cp ODK_Validate.jar Fill.java form.xml... &lt; records &gt; verdicts
 *
 * A record is a line of name=value, parted by tabs: the form's number among the arguments as form,
 * a question outside of repeats by its name, one inside as name/0, the number of items under the
 * repeat's name. Each record is filled in over the
 * one before it: what it does not name is emptied, repeats grow and shrink. A line comes back for
 * each: the calculates outside of repeats in the form's order, as name=value, parted by tabs.
 */
public class Fill {
    public static void main(String[] args) throws Exception {
        new XFormsModule().registerModule();
        List<FormEntryController> pens = new ArrayList<>();
        for (String path : args) {
            try (FileInputStream in = new FileInputStream(path)) {
                FormDef form = XFormUtils.getFormFromInputStream(in);
                form.initialize(true, new InstanceInitializationFactory());
                pens.add(new FormEntryController(new FormEntryModel(form)));
            }
        }
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        StringBuilder out = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Map<String, String> record = read(line);
            FormEntryController pen = pens.get(Integer.parseInt(record.get("form")));
            fill(pen, record);
            tell(pen.getModel().getForm().getMainInstance().getRoot(), out);
        }
        System.out.write(out.toString().getBytes(StandardCharsets.UTF_8));
        System.out.flush();
    }

    private static Map<String, String> read(String line) {
        Map<String, String> record = new HashMap<>();
        for (String pair : line.split("\t")) {
            int at = pair.indexOf('=');
            record.put(pair.substring(0, at), pair.substring(at + 1));
        }
        return record;
    }

    private static void fill(FormEntryController pen, Map<String, String> record) {
        FormEntryModel model = pen.getModel();
        pen.jumpToIndex(FormIndex.createBeginningOfFormIndex());
        int event = pen.stepToNextEvent();
        while (event != FormEntryController.EVENT_END_OF_FORM) {
            FormIndex at = model.getFormIndex();
            TreeReference place = at.getReference();
            if (event == FormEntryController.EVENT_QUESTION) {
                String answer = record.get(nameOf(place));
                boolean empty = model.getQuestionPrompt().getAnswerValue() == null;
                if (answer == null && empty) {
                    event = pen.stepToNextEvent();
                    continue;
                }
                int type = model.getQuestionPrompt().getDataType();
                int status = pen.answerQuestion(answer == null ? null : data(type, answer), true);
                if (status != FormEntryController.ANSWER_OK && answer != null) {
                    throw new IllegalStateException(place + " refuses " + answer);
                }
            } else if (event == FormEntryController.EVENT_PROMPT_NEW_REPEAT) {
                if (place.getMultLast() < items(record, place)) {
                    pen.newRepeat();
                }
            } else if (event == FormEntryController.EVENT_REPEAT) {
                if (place.getMultLast() >= items(record, place)) {
                    pen.jumpToIndex(pen.deleteRepeat());
                    event = model.getEvent();
                    continue;
                }
            }
            event = pen.stepToNextEvent();
        }
    }

    private static int items(Map<String, String> record, TreeReference repeat) {
        return Integer.parseInt(record.getOrDefault(repeat.getNameLast(), "0"));
    }

    private static String nameOf(TreeReference place) {
        int last = place.size() - 1;
        return last < 2 ? place.getNameLast()
            : place.getNameLast() + "/" + place.getMultiplicity(last - 1);
    }

    private static IAnswerData data(int type, String value) {
        switch (type) {
            case Constants.DATATYPE_INTEGER: return new IntegerData(Integer.parseInt(value));
            case Constants.DATATYPE_DATE: return new DateData(DateUtils.parseDate(value));
            case Constants.DATATYPE_CHOICE: return new SelectOneData(new Selection(value));
            default: return new StringData(value);
        }
    }

    private static void tell(TreeElement root, StringBuilder out) {
        String parted = "";
        for (int n = 0; n < root.getNumChildren(); n++) {
            TreeElement child = root.getChildAt(n);
            if (child.isLeaf() && !child.isRepeatable()) {
                IAnswerData value = child.getValue();
                out.append(parted).append(child.getName()).append('=')
                    .append(value == null ? "" : value.uncast().getString());
                parted = "\t";
            }
        }
        out.append('\n');
    }
}
