import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.javarosa.core.model.Constants;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.FormIndex;
import org.javarosa.core.model.data.DateData;
import org.javarosa.core.model.data.GeoPointData;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.data.IntegerData;
import org.javarosa.core.model.data.SelectOneData;
import org.javarosa.core.model.data.StringData;
import org.javarosa.core.model.data.helper.Selection;
import org.javarosa.core.model.instance.FormInstance;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.model.instance.TreeReference;
import org.javarosa.core.model.utils.DateUtils;
import org.javarosa.core.reference.PrefixedRootFactory;
import org.javarosa.core.reference.Reference;
import org.javarosa.core.reference.ReferenceManager;
import org.javarosa.core.services.PropertyManager;
import org.javarosa.form.api.FormEntryController;
import org.javarosa.form.api.FormEntryModel;
import org.javarosa.model.xform.XFormSerializingVisitor;
import org.javarosa.model.xform.XFormsModule;
import org.javarosa.xform.util.XFormUtils;
import org.opendatakit.validate.StubPropertyManager;

/**
 * Fills a whole form in JavaRosa, ODK Collect's engine, screen by screen, and saves the instance.
 *
 * java -cp ODK_Validate.jar FillVisit form.xml folder &lt; records &gt; instances
 *
 * The folder has the lists and, once one was saved, last-saved.xml. A record is a line of name=value, parted by tabs. A name
 * is a node's, followed by the number of the item of each repeat around it: ramp_width_mm/0; under
 * a repeat's own name stands how many items it has. What is not named stays empty. A line comes
 * back for each record: the saved XML in base 64. Each record is a new instance. A name after
 * "again:" is answered in a second pass from the beginning, as whoever goes back answers it. What
 * the groups are called in the end, by which Collect lists the items of a repeat, is a line each of
 * labels.txt in the folder.
 */
public class FillVisit {
    public static void main(String[] args) throws Exception {
        new XFormsModule().registerModule();
        PropertyManager.setPropertyManager(new StubPropertyManager());
        String[] roots = {"file-csv", "file", "images", "instance"};
        ReferenceManager.instance().addReferenceFactory(new PrefixedRootFactory(roots) {
            @Override
            protected Reference factory(String terminal, String uri) {
                String name = new File(terminal).getName();
                // As Collect keeps it: the kind of a file is told by its name.
                return new Beside(
                    new File(args[1], name.contains(".") ? name : name + ".xml"), uri);
            }
        });
        FormDef form;
        // Collect names the form's instance that was saved last; there is none before the first.
        boolean saidBefore = new File(args[1], "last-saved.xml").exists();
        try (FileInputStream in = new FileInputStream(args[0])) {
            form = XFormUtils.getFormFromInputStream(
                in, saidBefore ? "jr://file/last-saved.xml" : null);
        }
        FormInstance blank = form.getMainInstance().clone();
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Map<String, String> record = new HashMap<>();
            for (String pair : line.split("\t")) {
                int at = pair.indexOf('=');
                record.put(pair.substring(0, at), pair.substring(at + 1));
            }
            form.setInstance(blank.clone());
            form.initialize(true, new InstanceInitializationFactory());
            FormEntryController pen = new FormEntryController(new FormEntryModel(form));
            fill(pen, record);
            Map<String, String> again = new HashMap<>(record);
            record.forEach((name, answer) -> {
                if (name.startsWith("again:")) {
                    again.put(name.substring("again:".length()), answer);
                }
            });
            if (!again.equals(record)) {
                pen.jumpToIndex(FormIndex.createBeginningOfFormIndex());
                fill(pen, again);
            }
            writeLabels(pen, new File(args[1], "labels.txt"));
            form.postProcessInstance();
            byte[] saved = new XFormSerializingVisitor().serializeInstance(form.getMainInstance());
            System.out.println(Base64.getEncoder().encodeToString(saved));
        }
    }

    private static void fill(FormEntryController pen, Map<String, String> record) {
        FormEntryModel model = pen.getModel();
        int event = pen.stepToNextEvent();
        while (event != FormEntryController.EVENT_END_OF_FORM) {
            TreeReference place = model.getFormIndex().getReference();
            if (event == FormEntryController.EVENT_QUESTION) {
                String answer = record.get(key(model.getForm().getMainInstance(), place, false));
                if (answer != null) {
                    IAnswerData data = data(model.getQuestionPrompt().getDataType(), answer);
                    if (pen.answerQuestion(data, true) != FormEntryController.ANSWER_OK) {
                        throw new IllegalStateException(place + " refuses " + answer);
                    }
                } else if (model.getQuestionPrompt().isRequired()
                        && model.getQuestionPrompt().getAnswerValue() == null) {
                    System.err.println("required: " + place);
                }
            } else if (event == FormEntryController.EVENT_PROMPT_NEW_REPEAT) {
                String many = record.get(key(model.getForm().getMainInstance(), place, true));
                if (many != null && place.getMultLast() < Integer.parseInt(many)) {
                    pen.newRepeat();
                }
            } else if (event == FormEntryController.EVENT_REPEAT) {
                String many = record.get(key(model.getForm().getMainInstance(), place, true));
                if (many == null || place.getMultLast() >= Integer.parseInt(many)) {
                    pen.jumpToIndex(pen.deleteRepeat());
                    event = model.getEvent();
                    continue;
                }
            }
            event = pen.stepToNextEvent();
        }
    }

    private static void writeLabels(FormEntryController pen, File file) throws Exception {
        pen.jumpToIndex(FormIndex.createBeginningOfFormIndex());
        try (PrintWriter out = new PrintWriter(file, StandardCharsets.UTF_8)) {
            for (int event = pen.stepToNextEvent();
                    event != FormEntryController.EVENT_END_OF_FORM; event = pen.stepToNextEvent()) {
                if (event == FormEntryController.EVENT_GROUP) {
                    out.println(pen.getModel().getCaptionPrompt().getShortText());
                }
            }
        }
    }

    /** A node's name and the number of each item around it; a repeat's own is left out. */
    private static String key(FormInstance instance, TreeReference place, boolean repeat) {
        StringBuilder numbers = new StringBuilder();
        for (int n = 1; n < place.size(); n++) {
            if (repeat && n == place.size() - 1) {
                break;
            }
            TreeElement element = instance.resolveReference(place.getSubReference(n));
            if (element != null && element.isRepeatable()) {
                numbers.append('/').append(place.getMultiplicity(n));
            }
        }
        return place.getNameLast() + numbers;
    }

    private static IAnswerData data(int type, String value) {
        switch (type) {
            case Constants.DATATYPE_INTEGER: return new IntegerData(Integer.parseInt(value));
            case Constants.DATATYPE_DATE: return new DateData(DateUtils.parseDate(value));
            case Constants.DATATYPE_CHOICE: return new SelectOneData(new Selection(value));
            case Constants.DATATYPE_GEOPOINT: {
                String[] parts = value.split(" ");
                double[] point = new double[parts.length];
                for (int n = 0; n < parts.length; n++) {
                    point[n] = Double.parseDouble(parts[n]);
                }
                return new GeoPointData(point);
            }
            default: return new StringData(value);
        }
    }

    /** A file beside the form. */
    private static final class Beside implements Reference {
        private final File file;
        private final String uri;

        Beside(File file, String uri) {
            this.file = file;
            this.uri = uri;
        }

        @Override
        public boolean doesBinaryExist() {
            return file.exists();
        }

        @Override
        public InputStream getStream() throws java.io.IOException {
            return new FileInputStream(file);
        }

        @Override
        public String getURI() {
            return uri;
        }

        @Override
        public String getLocalURI() {
            return file.getAbsolutePath();
        }

        @Override
        public boolean isReadOnly() {
            return true;
        }

        @Override
        public OutputStream getOutputStream() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void remove() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Reference[] probeAlternativeReferences() {
            return new Reference[0];
        }
    }
}
