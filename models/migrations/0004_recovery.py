from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('momentum', '0003_person')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Cursor',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('tenant', fields.CharField(max_length=64)),
                ('name', fields.CharField(max_length=190)),
                ('value', fields.TextField(default='', unique=False)),
            ],
            options={'table': 'cursor', 'app': 'momentum', 'unique_together': (('tenant', 'name'),), 'pk_attr': 'id', 'table_description': 'How far something outside has been read, by the name of what is read.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='InboxRow',
            name='recoveries',
            field=fields.IntField(default=0),
        ),
        ops.AddField(
            model_name='OutboxRow',
            name='origin',
            field=fields.TextField(default='{}', unique=False),
        ),
        ops.AddField(
            model_name='TaskRow',
            name='recoveries',
            field=fields.IntField(default=0),
        ),
    ]
