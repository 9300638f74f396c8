//! The table as Parquet, written a group of rows at a time.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

use super::table::{COLUMNS, Cell, Kind, each_row};
use crate::analysis::Document;

/// How many rows are gathered before they are written: some 20 MB.
const GROUP_ROWS: usize = 1 << 16;

/// Writes the table as a Parquet file.
///
/// # Errors
/// If `out` does not take it.
pub(super) fn write(out: &mut dyn Write, document: &Document) -> io::Result<()> {
    let bytes = Outbox::default();
    let properties = WriterProperties::builder().set_created_by(created_by()).build();
    let schema = Arc::new(schema().map_err(of_parquet)?);
    let mut writer = SerializedFileWriter::new(bytes.clone(), schema, Arc::new(properties))
        .map_err(of_parquet)?;
    let mut columns = COLUMNS.map(|(_, kind)| Column::new(kind));
    let mut rows = 0;
    each_row(document, |row| {
        for (column, cell) in columns.iter_mut().zip(row) {
            column.push(*cell);
        }
        rows += 1;
        if rows == GROUP_ROWS {
            rows = 0;
            write_group(&mut writer, &mut columns).map_err(of_parquet)?;
            bytes.empty_into(out)?;
        }
        Ok(())
    })?;
    if rows > 0 {
        write_group(&mut writer, &mut columns).map_err(of_parquet)?;
    }
    writer.close().map_err(of_parquet)?;
    bytes.empty_into(out)
}

fn created_by() -> String {
    concat!("overstay ", env!("CARGO_PKG_VERSION")).to_owned()
}

fn of_parquet(err: ParquetError) -> io::Error {
    io::Error::other(err)
}

fn schema() -> Result<Type, ParquetError> {
    let fields = COLUMNS.iter().map(|(name, kind)| {
        let (physical, logical) = match kind {
            Kind::Int => (Physical::INT64, None),
            Kind::Bool => (Physical::BOOLEAN, None),
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let field = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()?;
        Ok(Arc::new(field))
    });
    let fields = fields.collect::<Result<_, ParquetError>>()?;
    Type::group_type_builder("hearings").with_fields(fields).build()
}

/// Writes what the columns hold, and empties them.
fn write_group(
    writer: &mut SerializedFileWriter<Outbox>,
    columns: &mut [Column],
) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for column in columns {
        let Some(place) = group.next_column()? else { break };
        column.write(place)?;
    }
    group.close().map(|_| ())
}

/// A column's part of a group of rows.
struct Column {
    values: Values,
    /// For each row, 1 if there is a value.
    filled: Vec<i16>,
}

enum Values {
    Int(Vec<i64>),
    Bool(Vec<bool>),
    Text(Vec<ByteArray>),
}

impl Column {
    fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Int => Values::Int(Vec::new()),
            Kind::Bool => Values::Bool(Vec::new()),
            Kind::Text => Values::Text(Vec::new()),
        };
        Self { values, filled: Vec::new() }
    }

    fn push(&mut self, cell: Cell<'_>) {
        let filled = match (&mut self.values, cell) {
            (Values::Int(values), Cell::Int(value)) => {
                values.push(value);
                true
            }
            (Values::Bool(values), Cell::Bool(value)) => {
                values.push(value);
                true
            }
            (Values::Text(values), Cell::Text(value)) => {
                // The same text often comes again at once; then its bytes are shared.
                let last = values.last().filter(|last| last.data() == value.as_bytes());
                let value = last.cloned().unwrap_or_else(|| ByteArray::from(value));
                values.push(value);
                true
            }
            _ => false,
        };
        self.filled.push(i16::from(filled));
    }

    fn write(&mut self, mut place: SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let filled = Some(self.filled.as_slice());
        match &mut self.values {
            Values::Int(values) => {
                place.typed::<Int64Type>().write_batch(values, filled, None)?;
                values.clear();
            }
            Values::Bool(values) => {
                place.typed::<BoolType>().write_batch(values, filled, None)?;
                values.clear();
            }
            Values::Text(values) => {
                place.typed::<ByteArrayType>().write_batch(values, filled, None)?;
                values.clear();
            }
        }
        self.filled.clear();
        place.close()
    }
}

/// Where the crate puts its bytes, from which they are written on: it wants a writer that could
/// go to another thread, which a command's output cannot.
#[derive(Clone, Default)]
struct Outbox(Arc<Mutex<Vec<u8>>>);

impl Outbox {
    fn empty_into(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(&bytes)?;
        bytes.clear();
        Ok(())
    }
}

impl Write for Outbox {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::SerializedFileReader;
    use parquet::record::{Field, Row};

    use super::super::table::write_csv;
    use super::super::tests::documents;
    use super::*;

    /// The rows of a file.
    fn rows(bytes: &[u8]) -> Vec<Row> {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(bytes).expect("room for it");
        let reader = SerializedFileReader::new(file).expect("Parquet");
        reader.into_iter().map(|row| row.expect("a row")).collect()
    }

    /// A field as CSV has it.
    fn text(field: &Field) -> String {
        match field {
            Field::Null => String::new(),
            Field::Str(text) => text.clone(),
            Field::Long(value) => value.to_string(),
            Field::Bool(value) => value.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_trace_without_cancels_is_a_table_without_rows() {
        let mut out = Vec::new();
        write(&mut out, &Document::default()).expect("written");
        assert_eq!(&out[..4], b"PAR1");
        assert!(rows(&out).is_empty());
    }

    #[test]
    fn parquet_has_the_same_table_as_csv() {
        let mut n_rows = 0;
        for (path, document) in documents() {
            let (mut csv, mut parquet) = (Vec::new(), Vec::new());
            write_csv(&mut csv, &document).expect("written");
            write(&mut parquet, &document).expect("written");
            let parquet = rows(&parquet);
            let csv: Vec<csv::StringRecord> = csv::Reader::from_reader(&csv[..])
                .records()
                .map(|row| row.expect("a row"))
                .collect();
            assert_eq!(parquet.len(), csv.len(), "{path}");
            for (one, other) in parquet.iter().zip(&csv) {
                let one: Vec<String> =
                    one.get_column_iter().map(|(_, field)| text(field)).collect();
                assert_eq!(one, other.iter().collect::<Vec<_>>(), "{path}");
            }
            n_rows += csv.len();
        }
        assert!(n_rows > 500, "{n_rows}");
    }
}
